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
    table = Table(box=None, pad_edge=False)
    for title in ("board", "chip", "supply", "RS485", "what it is"):
        table.add_column(title, overflow="fold")
    for board in all_boards():
        table.add_row(board["name"], board["chip"], supply(board), rs485(board), board["description"])
    console = Console()
    console.print(table)
    console.print(
        "\nThe voltage is that of the board's own supply pin. A pack goes through a fuse and a 30 V buck converter."
    )


def supply(board: dict) -> str:
    """The range of the supply pin."""
    if board["supply_v"] is None:
        return "-"
    lowest, highest = board["supply_v"]
    return f"{lowest:g}-{highest:g} V"


def rs485(board: dict) -> str:
    """UARTs with their pins."""
    texts = []
    for number, pins in board["uarts"].items():
        texts.append(f"UART{number} " + " ".join(f"{name.upper()} {pin}" for name, pin in pins.items()))
    return ", ".join(texts) or "-"
