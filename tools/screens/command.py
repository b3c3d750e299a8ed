"""`evencell screens`: what the displays show, as pictures."""

from pathlib import Path

import click

from tools.build.common import BUILD, ROOT
from tools.build.select import DISPLAY_SIZES
from tools.screens.png import Picture, enlarged, write_png
from tools.screens.sheets import pictures, rows_of, scenario_names, sheet

OVERVIEW = ROOT / "docs/screens.png"
_TIMES = 2  # as large as a pixel is on the overview
_COLOUR, _UPRIGHT, _LARGE, _MONO, _TINY = (240, 135), (135, 240), (240, 320), (128, 64), (128, 32)
# What the overview shows, row by row: scenario, size, pages. Every page, and every kind of display.
_SHOWN = (
    (("charging_lowest", _COLOUR, ("glance", "cells", "balance", "trend")),),
    (("at_rest", _LARGE, ("glance",)), ("cells_24", _LARGE, ("glance", "cells")), ("alarms", _LARGE, ("glance",))),
    (
        *(("charging_lowest", _UPRIGHT, ("glance", "balance")), ("at_rest", _UPRIGHT, ("trend", "device"))),
        ("setup", _UPRIGHT, ("setup",)),
    ),
    (("discharging_highest", _MONO, ("glance", "cells", "balance", "trend", "device")),),
    (("alarms", _MONO, ("glance", "alarms")), ("charging_lowest", _TINY, ("glance", "cells", "balance"))),
)


@click.command()
@click.argument("scenarios", nargs=-1, metavar="[SCENARIO…]", type=click.Choice(scenario_names()))
@click.option("--out", type=click.Path(path_type=Path), default=BUILD / "screens", help="Folder; build/screens.")
@click.option("--times", type=click.IntRange(1, 8), default=1, help="Each pixel as a square of so many; 1.")
def screens(scenarios, out, times):
    """Pictures of every display and page, drawn by the firmware. Without SCENARIO in all of them.

    Writes OUT/SCENARIO/WIDTHxHEIGHT-PAGE.png, and OUT/SCENARIO.png with all of these on one sheet.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.ClickException(f"--out: {out} can't be made: {error.strerror}.") from None
    for scenario in scenarios or scenario_names():
        drawn = pictures(scenario)
        for (width, height), pages in drawn.items():
            for page, picture in pages.items():
                write_png(out / scenario / f"{width}x{height}-{page}.png", enlarged(picture, times))
        write_png(out / f"{scenario}.png", enlarged(sheet(rows_of(drawn)), times))
        click.echo(f"{out / scenario}.png  {sum(map(len, drawn.values()))} pictures of {len(DISPLAY_SIZES)} displays")


def overview() -> Picture:
    """The picture of the README."""
    rows = [[pictures(name, [size])[size][page] for name, size, pages in parts for page in pages] for parts in _SHOWN]
    return enlarged(sheet(rows), _TIMES)
