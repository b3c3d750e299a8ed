"""Draws the wiring of each board from its data: docs/images/board-NAME.svg."""

import re
import textwrap

from boards.chips import CHIPS
from tools.cli.boards import display, memory, pins_text
from tools.docs.wiring_symbols import WIDTH, box, dot, pin, sheet, text, use, wire

_P1 = (
    ("B  (RS485-B)", "B"),
    ("A  (RS485-A)", "–"),
    ("W  (switch)", "–"),
    ("V−  (supply)", "B−"),
    ("V+  (supply)", "B+"),
)
_NOTES = (
    "1. Count P1 by pin number. “B” is a data line (pin 1); “B−” and “B+” are the supply (pins 4 and 5). "
    "A mix-up puts the pack onto the transceiver. “–”: not on record.",
    "2. V− against B0: 0 V on the meter. The signal ground never does the V− conductor's work. That comes off last.",
    "3. Order: balance leads checked, P2, P1 with RS485 (fuse out), fuse last. Apart in reverse. "
    "Check lists, grounds and parts: docs/wiring.md.",
    "4. USB never together with the feed from the pack. Set the buck to 5.0 V before the board is connected. "
    "One block only: blocks in series share no bus and no ground.",
)
_INDENT = "\N{NO-BREAK SPACE}" * 5
_BOARD_X = 900
_FIRST_PIN_Y = 150


def picture(board: dict) -> str:
    """The whole SVG of a board of `boards/`."""
    notes = [*_NOTES, *textwrap.wrap("5. This board: " + board["supply_warning"], 160, subsequent_indent=_INDENT)]
    height = 738 + 22 * len(notes)
    own = "transceiver" not in board
    body = [text(30, 68, "evencell is not a BMS. It disconnects nothing. Not tried on a real board yet.", "warn")]
    body += [_feed(), _bus(own), _balancer(), _board(board)]
    body += [_transceiver(board)] if own else [_on_board(board)]
    body += [_notes(notes, height)]
    return sheet(f"evencell: the wiring of {board['name']}", height, body)


def _balancer() -> str:
    """P1 with both labels."""
    parts = [box(40, 90, 290, 250), text(56, 112, "Balancer, P1", "h2")]
    parts += [text(x, 131, label, "s") for x, label in ((54, "pin"), (96, "manual"), (286, "print"))]
    for i, (manual, printed) in enumerate(_P1):
        y = _FIRST_PIN_Y + 5 + 40 * i
        parts += [text(60, y, str(i + 1)), text(96, y, manual), text(290, y, printed), pin(330, y - 5)]
    return "".join(parts)


def _bus(own: bool) -> str:
    """A and B, to a transceiver of one's own or straight to the board."""
    end = 560 if own else _BOARD_X
    return (
        wire("b", f"M330 150H{end}")
        + wire("a", f"M330 190H{end}")
        + text(400, 142, "B: P1-1 to B")
        + text(400, 211, "A: P1-2 to A")
        + text(530, 211, "" if own else "twisted pair, short", "s")
    )


def _feed() -> str:
    """Pack, fuse, TVS, buck, and the plug to the board; each wire before what lies on it."""
    wires = [
        ("vp", "M220 490H700M410 490V310H330M330 230H370V262a8 8 0 0 1 0 16V310"),  # V+; W joins it
        ("vm", "M330 270H470V482a8 8 0 0 1 0 16V590H290"),  # the V− conductor
        ("vm", "M220 620H260M290 640H700"),
        ("vp", "M610 490V565"),
        ("vm", "M610 565V640"),
        ("v5", f"M820 530H{_BOARD_X}"),
        ("vm", f"M820 640H{_BOARD_X}"),
    ]
    return "".join(wire(kind, path) for kind, path in wires) + _feed_parts()


def _feed_parts() -> str:
    parts = [dot(410, 490, "dvp"), dot(370, 310, "dvp"), dot(610, 490, "dvp"), dot(610, 640, "dvm")]
    parts += [use("fuse", 310, 490), use("tvs", 610, 565)]
    parts += [box(40, 460, 180, 190), pin(220, 490), pin(220, 620)]
    parts += [text(130, 530, "one block of", "s mid"), text(130, 548, "4 cells", "s mid")]
    parts += [text(130, 566, "8 V to 16.8 V", "s mid"), text(200, 496, "+", "end"), text(200, 626, "−", "end")]
    parts += [text(310, 445, "F1  ≤ 1 A", "h2 mid"), text(310, 465, "at the pack", "s mid")]
    parts += ['  <rect class="dvm" x="256" y="578" width="36" height="74" rx="3"/>\n']
    parts += [text(304, 613, "star point: battery’s negative,", "s"), text(304, 630, "the metal where B0 sits", "s")]
    parts += [text(482, 453, "V− conductor,", "s"), text(482, 470, "a wire of its own", "s")]
    parts += [text(380, 252, "W joins V+: never open", "s")]
    parts += [text(580, 562, "TVS", "h2 end"), text(580, 580, "18 V type", "s end")]
    parts += [box(700, 460, 120, 205), text(760, 565, "Buck", "h2 mid"), text(760, 585, "in: 30 V or", "s mid")]
    parts += [text(760, 602, "more; out: 5 V", "s mid"), text(714, 496, "IN+"), text(714, 646, "IN−")]
    parts += [text(806, 536, "5 V", "end"), text(806, 646, "OUT−", "end")]
    parts += [pin(700, 490), pin(700, 640), pin(820, 530), pin(820, 640)]
    parts += ['  <rect class="dash" x="846" y="512" width="28" height="150" rx="4"/>\n']
    return "".join([*parts, text(860, 466, "X1", "h2 mid"), *_unplug()])


def _unplug() -> list[str]:
    return [text(860, 484, "unplug", "s mid"), text(860, 501, "for USB", "s mid")]


def _board(board: dict) -> str:
    """The board's box: its name, its feed, and what else it has."""
    parts = [box(_BOARD_X, 90, 300, 575), text(1050, 118, board["name"], "h2 mid")]
    feed = board["supply_pin"]
    over_usb = feed.startswith("USB")
    rows = ((530, f"{feed}, 5 V" if over_usb else feed), (640, f"{feed}, GND" if over_usb else "GND"))
    for y, label in rows:
        parts += [pin(_BOARD_X, y), text(_BOARD_X + 18, y + 6, label)]
    y = 170
    for extra in _extras(board):
        for i, line in enumerate(textwrap.wrap(extra, 22)):
            parts.append(text(1020 + (10 if i else 0), y, line, "s"))
            y += 18
        y += 8
    return "".join(parts)


def _extras(board: dict) -> list[str]:
    """What the board has besides RS485 and its feed, a line each; a name and its pin stay together."""
    return [re.sub(r"([A-Z]) (\d)", "\\1\N{NO-BREAK SPACE}\\2", line) for line in _extra_lines(board)]


def _extra_lines(board: dict) -> list[str]:
    variant = f", variant {board['variant']}" if "variant" in board else ""
    lines = [f"{CHIPS[board['chip']]['name']}, {memory(board)}", f"MicroPython {board['micropython']}{variant}"]
    if display(board):
        lines.append(("display " if "display" in board else "") + display(board))
    if "button" in board:
        lines.append(f"button GPIO{board['button']}")
    if "button_2" in board:
        lines.append(f"second button GPIO{board['button_2']}")
    if "led" in board:
        lines.append(f"LED GPIO{board['led']['pin']} ({board['led']['kind']})")
    if "w_output" in board:
        lines.append(f"W switch GPIO{board['w_output']}: see its own drawing")
    if "ethernet" in board:
        lines.append(f"Ethernet ({board['ethernet']['phy']})")
    if "high_at_start" in board:
        lines.append("high at start: " + pins_text(board["high_at_start"]))
    return lines


def _transceiver(board: dict) -> str:
    """One of the owner's own, with the pull-down on its joined DE and RE."""
    pins = board["uarts"][min(board["uarts"])]
    parts = [box(560, 90, 130, 335), text(625, 118, "RS485", "h2 mid"), pin(560, 150), pin(560, 190)]
    parts += [text(574, 155, "B"), text(574, 195, "A")]
    parts += [text(570, y, line, "s") for y, line in ((300, "3.3 V type:"), (317, "MAX3485,"), (334, "SP3485"))]
    rows = (("RO", 150, pins["rx"], "RX"), ("DI", 195, pins["tx"], "TX"), ("DE", 240, pins["de"], "direction"))
    for name, y, gpio, label in rows:
        parts += [wire("sig", f"M690 {y}H{_BOARD_X}"), text(676, y + 5, name, "end")]
        parts += [
            text(860, y - 8, label, "s end"),
            pin(690, y),
            pin(_BOARD_X, y),
            text(_BOARD_X + 18, y + 5, str(gpio)),
        ]
    parts += [wire("sig", "M690 270H715V240"), wire("sig", "M750 240V300"), wire("vm", "M750 300V360")]
    parts += [wire("vm", f"M690 360H{_BOARD_X}"), wire("v3", f"M690 400H{_BOARD_X}")]
    for name, y, label in (("RE", 270, None), ("GND", 360, "GND"), ("VCC", 400, "3V3")):
        parts += [text(676, y + 5, name, "end"), pin(690, y)]
        parts += [pin(_BOARD_X, y), text(_BOARD_X + 18, y + 5, label)] if label else []
    parts += [dot(715, 240, "dsig"), dot(750, 240, "dsig"), dot(750, 360, "dvm")]
    parts += [use("resistor", 750, 300), text(768, 290, "R1  10 kΩ", "s")]
    return "".join([*parts, text(768, 307, "pull-down:", "s"), text(768, 324, "keep it", "s")])


def _on_board(board: dict) -> str:
    """The board's own transceiver, inside its box."""
    pins = board["uarts"][min(board["uarts"])]
    turns = f"DE {pins['de']}" if "de" in pins else "turns by itself"
    lines = [*textwrap.wrap(board["transceiver"], 13), f"TX {pins['tx']}", f"RX {pins['rx']}", turns]
    parts = [pin(_BOARD_X, 150), pin(_BOARD_X, 190), text(_BOARD_X + 18, 155, "B"), text(_BOARD_X + 18, 195, "A")]
    parts += [text(_BOARD_X + 18, 230, "RS485", "h2")]
    parts += [text(_BOARD_X + 18, 250 + 18 * i, line, "s") for i, line in enumerate(lines)]
    if "de" in pins:
        parts += [text(590, 290, "measure its DE against GND while the board", "s")]
        parts += [text(590, 307, "starts: below 0.8 V, or it has no pull-down", "s")]
    return "".join(parts)


def _notes(notes: list[str], height: int) -> str:
    parts = [f'  <rect class="note" x="30" y="690" width="{WIDTH - 60}" height="{height - 710}" rx="6"/>\n']
    parts += [text(46, 716 + 22 * i, line, "s") for i, line in enumerate(notes)]
    return "".join(parts)
