"""Pictures of every page in every size, drawn by the firmware on MicroPython, and sheets that show many at once."""

import json
import subprocess
import tempfile
from pathlib import Path

from evencell.display.pages import PAGES
from tools.build.select import DISPLAY_SIZES
from tools.build.tree import build
from tools.dev.device import micropython
from tools.screens.png import Picture, read_pnm

SCENARIOS = Path(__file__).parent / "scenarios"
_SCRIPT = Path(__file__).parent / "draw.py"
SETUP = "setup"  # the page of setup mode, which is the only one there
ALL_PAGES = (*PAGES, SETUP)
_LARGEST_MONO = 128  # pixels wide; larger displays have colours

_LIT = bytes((214, 236, 255))  # of a white OLED
_DARK = bytes((6, 8, 12))
_PAPER = bytes((58, 62, 70))
_GAP = 8


def scenario_names() -> list[str]:
    """Every scenario there is a file for."""
    return sorted(path.stem for path in SCENARIOS.glob("*.json"))


def pictures(scenario: str, sizes=DISPLAY_SIZES) -> dict[tuple, dict[str, Picture]]:
    """Size → page → picture; a page that is not wanted in this scenario has none."""
    tree = build("host")
    with tempfile.TemporaryDirectory(prefix="evencell-") as folder:
        wanted = json.dumps([[width, height, width > _LARGEST_MONO] for width, height in sizes])
        command = [micropython(), str(_SCRIPT), str(SCENARIOS / f"{scenario}.json"), folder, wanted]
        environment = {"MICROPYPATH": f"{tree}:.frozen"}
        result = subprocess.run(command, env=environment, capture_output=True, text=True)
        if result.returncode:
            raise RuntimeError(result.stdout + result.stderr)
        return {size: read_all(Path(folder), size) for size in sizes}


def read_all(folder: Path, size: tuple) -> dict[str, Picture]:
    """Page → picture, of one size."""
    paths = {page: folder / f"{size[0]}x{size[1]}-{page}.pnm" for page in ALL_PAGES}
    return {page: read_pnm(path, _LIT, _DARK) for page, path in paths.items() if path.exists()}


def rows_of(drawn: dict[tuple, dict[str, Picture]]) -> list[list[Picture]]:
    """A row for each size, a column for each page up to the last that is wanted; what is not wanted is a gap."""
    drawn_pages = {page for pages in drawn.values() for page in pages}
    shown = PAGES[: max(PAGES.index(page) for page in drawn_pages) + 1] if drawn_pages <= {*PAGES} else (SETUP,)
    return [[pages.get(page) or blank(width, height) for page in shown] for (width, height), pages in drawn.items()]


def blank(width: int, height: int) -> Picture:
    """Paper alone."""
    return [_PAPER * width] * height


def sheet(rows: list[list[Picture]]) -> Picture:
    """Rows of pictures as one, with a border around each."""
    width = max(sum(len(picture[0]) // 3 + _GAP for picture in row) for row in rows) + _GAP
    border = blank(width, _GAP)
    lines = list(border)
    for row in rows:
        height = max(map(len, row))
        columns = [picture + blank(len(picture[0]) // 3, height - len(picture)) for picture in row]
        for parts in zip(*columns, strict=True):
            line = _PAPER * _GAP + b"".join(part + _PAPER * _GAP for part in parts)
            lines.append(line + _PAPER * (width - len(line) // 3))
        lines += border
    return lines
