"""What the displays show is what they showed before: a sheet of pictures for each scenario in golden/.

A change is drawn into build/screens-changed/: before, now, and what differs. If it is wanted:
`make test ARGS="host_tests/display/test_screens.py --renew-screens"`.
"""

from pathlib import Path

import pytest
from click.testing import CliRunner

from host_tests.portable import ROOT
from tools.build.select import DISPLAY_SIZES
from tools.cli.main import main
from tools.screens.command import OVERVIEW, overview
from tools.screens.png import Picture, encode_png, read_png, write_png
from tools.screens.sheets import pictures, rows_of, scenario_names, sheet

GOLDEN = Path(__file__).parent / "golden"
CHANGED = Path(ROOT) / "build/screens-changed"
# One of each kind of display; every size in the scenarios that have most on their pages.
SIZES = ((128, 32), (128, 64), (135, 240), (320, 170))
IN_ALL_SIZES = ("extreme", "german")
_DIFFERS = bytes((255, 0, 255))
_PALE = 5  # what is the same is so many times darker


@pytest.mark.parametrize("name", scenario_names())
def test_pictures_are_as_they_were(name, request):
    now = sheet(rows_of(pictures(name, DISPLAY_SIZES if name in IN_ALL_SIZES else SIZES)))
    path = GOLDEN / f"{name}.png"
    if request.config.getoption("--renew-screens"):
        write_png(path, now)
    assert path.exists(), "a new scenario: look at its pictures, then --renew-screens"
    if path.read_bytes() == encode_png(now):
        return
    before = read_png(path)
    if before != now:
        write_png(CHANGED / f"{name}.png", sheet([[before, now, difference(before, now)]]))
        pytest.fail(f"other pictures than before: look at {CHANGED / name}.png")


def test_the_readme_shows_what_the_firmware_draws():
    assert read_png(OVERVIEW) == overview(), "make pictures"


def test_there_is_no_picture_without_a_scenario():
    assert sorted(path.stem for path in GOLDEN.glob("*.png")) == scenario_names()


def difference(before: Picture, now: Picture) -> Picture:
    """The new picture, darker, with what differs in a colour that no display has."""
    if (len(before), len(before[0])) != (len(now), len(now[0])):
        return [_DIFFERS]
    return [changed(*rows) if rows[0] != rows[1] else pale(rows[1]) for rows in zip(before, now, strict=True)]


def pale(row: bytes) -> bytes:
    """Darker."""
    return bytes(value // _PALE for value in row)


def changed(before: bytes, now: bytes) -> bytes:
    """One row of the difference."""
    pixels = range(0, len(now), 3)
    return b"".join(pale(now[x : x + 3]) if before[x : x + 3] == now[x : x + 3] else _DIFFERS for x in pixels)


def test_a_changed_pixel_shows():
    assert difference([bytes(3) + b"abc"], [bytes(3) + b"abd"]) == [bytes(3) + _DIFFERS]


def test_a_png_can_be_read_again(tmp_path):
    picture = [bytes(range(y, y + 15)) for y in range(3)]
    write_png(tmp_path / "x.png", picture)
    assert read_png(tmp_path / "x.png") == picture


def test_the_command_writes_pictures(tmp_path):
    result = CliRunner().invoke(main, ["screens", "at_rest", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert len(read_png(tmp_path / "at_rest/128x64-glance.png")) == 64
    assert (tmp_path / "at_rest.png").exists()
