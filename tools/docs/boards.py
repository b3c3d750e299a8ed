"""Writes docs/boards.md and its drawings from the board files: `make drawings`."""

from pathlib import Path

from tools.build.common import ROOT
from tools.cli.boards import all_boards, facts
from tools.docs.board_drawings import picture

_HEAD = """\
# Boards

Made from the files in `boards/` by `make drawings`; changes belong there.

> **evencell has run on none of these boards yet.** Pins are copied from the named sources, or chosen by us
> where that is said. Facts without a source are marked as unverified.

**evencell is not a BMS. It disconnects nothing.** Read [wiring.md](wiring.md) before the first wire: parts, grounds,
the order of connecting.

- **Feed every board with 5 V**, from a buck converter rated for 30 V or more, behind a fuse of 1 A or less at the pack
  and a TVS. No drawing here puts the pack itself onto a board: 4 cells LFP reach 14.6 V, NMC 16.8 V, and boards with
  "5–12 V" inputs have died at 13 V.
- **USB never together with the pack's feed.**
- A transceiver with a DE pin needs a pull-down there (10 kΩ), so that a chip in reset never drives the bus.
- Other wiring: `pins` in [config.json](api.md#pins) moves single pins.
  Another display: [displays.md](displays.md).

## Choosing a board

- **With PSRAM everything works at once**: page with four browsers, history, MQTT with TLS, display.
  So it did in an emulator of a plain ESP32 with PSRAM; no ESP32-S3 was emulated.
- **Without PSRAM** the official MicroPython has memory for a part of it: [what fits](fits.md). `make build` and
  `make flash` print what that is on the chosen board. [evencell's own firmware](firmware.md) has room for more: with it
  the all-in-one boards (transceiver on board) are the next choice.
- **PSRAM of an ESP32-S3**: its module's name says so: `R2` is quad, `R8` and `R16V` are octal, neither is none.
  Quad PSRAM needs `esp32_s3_generic`, octal PSRAM needs `esp32_s3_octal`: each takes another MicroPython, and octal
  PSRAM occupies GPIO33 to GPIO37. `make flash` queries the chip and refuses the wrong one.
- **4 MB of flash are enough**: two slots for [updates](update.md) fit with every set, with room to spare.
- A plain ESP32 has PSRAM if its module is a WROVER: `esp32_wrover`.
- A device whose board should have PSRAM and has none says so at its start, in its log and on its page.

| board | chip | PSRAM | RS485 | display | network |
|---|---|---|---|---|---|
"""


def main():
    for path, text in files().items():
        path.write_text(text)


def files() -> dict[Path, str]:
    """Every file that is made, with its content."""
    boards = [board for board in all_boards() if board["chip"] != "host"]
    drawings = {ROOT / f"docs/images/board-{board['name']}.svg": picture(board) for board in boards}
    return {ROOT / "docs/boards.md": page(boards), **drawings}


def page(boards: list[dict]) -> str:
    """The whole of docs/boards.md."""
    rows = "".join(map(row, boards))
    return _HEAD + rows + "".join(map(section, boards))


def row(board: dict) -> str:
    """The board's line in the table."""
    name = board["name"]
    place = board.get("transceiver", "your own")
    shown = board["display"]["driver"] if "display" in board else ""
    network = "Ethernet" if "ethernet" in board else "Wi-Fi"
    return f"| [`{name}`](#{name}) | {board['chip']} | {board.get('psram', '')} | {place} | {shown} | {network} |\n"


def section(board: dict) -> str:
    """All that is known about a board."""
    lines = "".join(f"| {label} | {text} |\n" for label, text in facts(board) if label not in ("", "wiring") and text)
    drawing = f"![The wiring of {board['name']}](images/board-{board['name']}.svg)"
    return f"\n## {board['name']}\n\n{board['description']}.\n\n{drawing}\n\n| | |\n|---|---|\n{lines}"


if __name__ == "__main__":
    main()
