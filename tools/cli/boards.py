"""`evencell boards`: the list of boards, or one with pins, warnings and wiring."""

import click
from rich.console import Console
from rich.table import Table

from boards.chips import CHIPS, named_pins, pin_warning
from tools.build.common import BuildError
from tools.build.tree import board_data, board_names

PAGE = "docs/boards.md"


def all_boards() -> list[dict]:
    """The data of every board file: with PSRAM first, then with a transceiver on board; this computer last."""
    return sorted(map(board_data, board_names()), key=rank)


def rank(data: dict) -> tuple:
    """Sort key of a board."""
    return data["chip"] == "host", "psram" not in data, "transceiver" not in data, data["name"]


def chosen(name: str) -> dict:
    """The data of the board named to make; raises BuildError, with the list of boards, for an empty name."""
    if not name:
        raise BuildError(which_board())
    return board_data(name)


def chosen_chip(name: str) -> dict:
    """The same for a board with a chip; raises BuildError for this computer too."""
    data = chosen(name)
    if data["chip"] == "host":
        raise BuildError(f"host is this computer: make run. {which_board()}")
    return data


def which_board() -> str:
    """The question which board it is, with the list."""
    names = [f"\n  {board['name']:24} {board['description']}" for board in all_boards() if board["chip"] != "host"]
    return f"Which board is it? Say BOARD= with one of:{''.join(names)}"


@click.command()
@click.argument("name", required=False, type=click.Choice(board_names()), metavar="[NAME]")
def boards(name):
    """List the boards; with NAME all facts of one."""
    console = Console()
    for data in [board_data(name)] if name else all_boards():
        console.print(table(data, facts(data) if name else summary(data)))
        console.print()
    if not name:
        console.print(f"`evencell boards NAME` shows one in detail. {PAGE} has drawings. None was tried yet.")


def table(data: dict, rows: list[tuple[str, str]]) -> Table:
    """A board's name, and labelled lines under it; empty ones are left out."""
    result = Table(box=None, pad_edge=False, show_header=False, title=data["name"], title_justify="left")
    result.add_column(style="dim", no_wrap=True)
    result.add_column(overflow="fold")
    for label, text in rows:
        if text:
            result.add_row(label, text)
    return result


def summary(data: dict) -> list[tuple[str, str]]:
    """The facts of a board in the list."""
    return [("", data["description"]), ("RS485", rs485(data)), ("memory", memory(data)), ("supply", supply(data))]


def facts(data: dict) -> list[tuple[str, str]]:
    """All facts of a board, label and text."""
    rows = [
        *summary(data),
        ("display", display(data)),
        ("button", gpio(data.get("button"))),
        ("second button", gpio(data.get("button_2"))),
        ("LED", led(data)),
        ("W output", gpio(data["w_output"]) + ", driven where control.w is enabled" if "w_output" in data else ""),
        ("network", network(data)),
        ("high at start", pins_text(data.get("high_at_start", ()))),
        ("occupied", occupied(data)),
        ("MicroPython", micropython(data)),
        ("source", data["source"]),
        ("unverified", data.get("unverified", "")),
    ]
    rows += [("check", text) for text in pin_warnings(data)]
    return [*rows, ("wiring", wiring(data))]


def rs485(data: dict) -> str:
    """UARTs with their pins, and the transceiver."""
    uarts = ", ".join(f"UART{number} {pins(names)}" for number, names in data["uarts"].items())
    return f"{uarts}; transceiver: {transceiver(data)}" if uarts else ""


def transceiver(data: dict) -> str:
    """The transceiver, and how its direction is switched."""
    place = f"{data['transceiver']}, on board" if "transceiver" in data else "your own, 3.3 V"
    turns = any("de" in names for names in data["uarts"].values())
    return place + ("" if turns else ", turns by itself")


def supply(data: dict) -> str:
    """The range of the supply pin, and its warning."""
    if data["supply_v"] is None:
        return data["supply_warning"]
    lowest, highest = data["supply_v"]
    return f"{lowest:g} to {highest:g} V. {data['supply_warning']}"


def display(data: dict) -> str:
    """Driver, size and pins, or the bare I2C bus; empty without either."""
    bus = pins(data.get("i2c", {}))
    if "display" not in data:
        return f"I2C {bus}" if bus else ""
    shown = data["display"]
    text = f"{shown['driver']}, {shown['width']}×{shown['height']}"
    return " ".join(filter(None, (text, pins(shown.get("pins", {})) or bus)))


def led(data: dict) -> str:
    """Pin and kind."""
    return f"{gpio(data['led']['pin'])} ({data['led']['kind']})" if "led" in data else ""


def network(data: dict) -> str:
    """Ethernet with its chip, or what limits Wi-Fi."""
    if "ethernet" in data:
        wiring = data["ethernet"]
        return f"Ethernet, {wiring['phy']} at address {wiring['address']}, {pins(wiring['pins'])}"
    return f"Wi-Fi at {data['txpower']} dBm at most" if "txpower" in data else ""


def occupied(data: dict) -> str:
    """Pins used by other parts of the board."""
    return ", ".join(f"{pin} {what}" for pin, what in data.get("occupied", {}).items())


def memory(data: dict) -> str:
    """The kind of PSRAM; empty for the computer."""
    if data["chip"] not in CHIPS:
        return ""
    return f"{data['psram']} PSRAM" if "psram" in data else "no PSRAM"


def micropython(data: dict) -> str:
    """The MicroPython firmware for it."""
    if "micropython" not in data:
        return ""
    return f"{image_name(data)}, {CHIPS[data['chip']]['name']}, {data['flash_mb']} MB of flash"


def image_name(data: dict) -> str:
    """The firmware's name at micropython.org: the board, and the variant after a hyphen."""
    return "-".join(filter(None, (data["micropython"], data.get("variant"))))


def pin_warnings(data: dict) -> list[str]:
    """A sentence for each pin of the board file with a risk."""
    if data["chip"] not in CHIPS:
        return []
    found = ((name, pin_warning(data["chip"], pin)) for name, pin in named_pins(data).items())
    return [f"{name}: {text}" for name, text in found if text]


def wiring(data: dict) -> str:
    """Link to the drawing; empty for the computer."""
    return f"{PAGE}#{data['name']}, and docs/wiring.md before the first wire" if data["chip"] in CHIPS else ""


def gpio(pin: int | None) -> str:
    return "" if pin is None else f"GPIO{pin}"


def pins_text(numbers) -> str:
    return ", ".join(map(gpio, numbers))


def pins(names: dict) -> str:
    return " ".join(f"{name.upper()} {pin}" for name, pin in names.items())
