"""`evencell boards`: the boards there are, with their pins."""

import importlib
import pkgutil

import click
from rich.console import Console
from rich.table import Table

import boards as boards_package


def all_boards() -> list[dict]:
    """The data of every board file, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(boards_package.__path__) if module.name != "esp32")
    return [importlib.import_module(f"boards.{name}").BOARD for name in names]


@click.command()
def boards():
    """The boards there are, with their pins."""
    console = Console()
    for board in all_boards():
        table = Table(box=None, pad_edge=False, show_header=False, title=board["name"], title_justify="left")
        table.add_column(style="dim")
        table.add_column(overflow="fold")
        table.add_row("", board["description"])
        for label, text in (("RS485", rs485(board)), ("other pins", other_pins(board)), ("supply", supply(board))):
            if text:
                table.add_row(label, text)
        console.print(table)
        console.print()


def supply(board: dict) -> str:
    """The range of the supply pin, and its warning."""
    if board["supply_v"] is None:
        return board["supply_warning"]
    lowest, highest = board["supply_v"]
    return f"{lowest:g} to {highest:g} V. {board['supply_warning']}"


def rs485(board: dict) -> str:
    """UARTs with their pins."""
    return ", ".join(f"UART{number} {pins(names)}" for number, names in board["uarts"].items())


def other_pins(board: dict) -> str:
    """What else is wired, as far as the board says."""
    texts = [f"I2C {pins(board['i2c'])}"] if "i2c" in board else []
    texts += [f"{key.replace('_', ' ')} {board[key]}" for key in ("button", "w_output") if key in board]
    texts += [f"high at start {', '.join(map(str, board['high_at_start']))}"] if "high_at_start" in board else []
    return ", ".join(texts)


def pins(names: dict) -> str:
    return " ".join(f"{name.upper()} {pin}" for name, pin in names.items())
