"""Measure every set on every way onto a chip; write tools/build/memory_figures.json and docs/fits.md."""

import json
from pathlib import Path

import click

from tools.bench import unix32
from tools.bench.chip import page
from tools.bench.chip.life import LONG_MINUTES
from tools.bench.chip.measure import CASES, Measured, measure
from tools.bench.chip.sets import STREAMS
from tools.build import memory_plan
from tools.cli.options import FiniteRange

_FIGURES = Path(memory_plan.__file__).with_name("memory_figures.json")


@click.command()
@click.option("--minutes", type=FiniteRange(1, 600), default=LONG_MINUTES, show_default=True, help="Simulated.")
@click.option("--only", multiple=True, metavar="SET_WAY", help="Measure these sets alone; the other rows stay.")
def main(minutes: float, only: tuple[str, ...]):
    """Measure, and write the results."""
    unix32.check_tools()
    cases = [case for case in CASES if not only or f"{case.name}_{case.way}" in only]
    found = measure(cases, minutes)
    for measured in found:
        show(measured)
    rows = write([measured.row(minutes) for measured in found])
    page.write(rows, STREAMS, minutes)


def show(measured: Measured):
    """Print the result of one case."""
    verdict = "lives" if not measured.shortcomings else "does not live: " + "; ".join(measured.shortcomings[:3])
    click.echo(f"{measured.case.name} ({measured.case.way}): {verdict}")


def write(rows: list[dict]) -> list[dict]:
    """Replace the rows of the model for the same sets, before those with other evidence; returns all rows."""
    replaced = {_key(row) for row in rows}
    kept = [
        row
        for row in json.loads(_FIGURES.read_text("utf-8"))["rows"]
        if not (page.is_of_model(row) and _key(row) in replaced)
    ]
    everything = sorted(rows + kept, key=lambda row: not page.is_of_model(row))
    lines = ",\n  ".join(json.dumps(row) for row in everything)
    _FIGURES.write_text('{\n "rows": [\n  ' + lines + "\n ]\n}\n", "utf-8")
    return everything


def _key(row: dict) -> tuple:
    return tuple(row["features"]), row["delivery"], row["psram"]


if __name__ == "__main__":
    main()
