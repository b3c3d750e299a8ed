"""`evencell energy`: how long a pack feeds a device that sleeps, and what would help most."""

import json
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from evencell.config import table as keys
from evencell.power.settings import shortest_s
from tools.cli.options import FiniteRange
from tools.energy.advice import Change, steps
from tools.energy.figures import CONVERTER_MA, IDLE_MA, TYPICAL
from tools.energy.model import Energy, energy
from tools.energy.plan import BALANCERS, CELL_V, SUPPLY_V, Plan
from tools.energy.plot import in_words, short, svg

_UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_BAR_CHARACTERS = 16


class Duration(click.ParamType):
    """A time such as 900, 15m, 6h or 1d; raises a usage error for another, and outside the limits of this key."""

    name = "duration"

    def __init__(self, key: str):
        (rule,) = keys.rules(f"{key} ")
        least_s, self._most_s = map(int, rule.arguments)
        self._least_s = max(1, least_s)  # with 0 the device stays awake

    def convert(self, value, param, ctx) -> float:
        """Seconds."""
        if isinstance(value, (int, float)):
            return value
        unit_s = _UNITS_S.get(value[-1:], 0)
        digits = value[:-1] if unit_s else value
        if not digits.isdecimal():
            self.fail(f"{value!r} is no time: write seconds, or a number with s, m, h or d, such as 15m", param, ctx)
        seconds = int(digits) * (unit_s or 1)
        if not self._least_s <= seconds <= self._most_s:
            self.fail(f"{value} is outside {self._least_s} s to {self._most_s} s, as in config.json", param, ctx)
        return seconds


@click.command(name="energy")
@click.option(
    "--board", required=True, type=click.Choice(list(IDLE_MA)), metavar="NAME", help="One of `evencell boards`."
)
@click.option(
    "--interval", type=Duration("power.interval_s"), default="15m", show_default=True, help="Between two readings."
)
@click.option(
    "--report",
    type=Duration("power.report_s"),
    default="6h",
    show_default=True,
    help="Between two reports: not below the shortest sleep, a quarter of the interval, and 60 s at least.",
)
@click.option("--pack-ah", type=FiniteRange(0.1, 10_000), default=20, show_default=True, help="Capacity of the pack.")
@click.option("--cells", type=click.IntRange(2, 8), default=4, show_default=True, help="In series.")
@click.option("--chemistry", type=click.Choice(list(CELL_V)), default="lfp", show_default=True)
@click.option("--usable", type=FiniteRange(1, 100), default=80, show_default=True, help="Percent of the capacity.")
@click.option(
    "--balancer",
    type=click.Choice(BALANCERS),
    default="on",
    show_default=True,
    help="Always on, or switched on for readings alone: at its pin W, or by a switch in its supply.",
)
@click.option(
    "--converter",
    type=click.Choice(list(CONVERTER_MA)),
    default="lm2596",
    show_default=True,
    help="From the pack to 5 V: a usual module, or one that takes little without load.",
)
@click.option("--idle-ma", type=FiniteRange(0, 1_000), help="Board with transceiver asleep, at 5 V: your own figure.")
@click.option("--tls", is_flag=True, help="The broker is reached by TLS.")
@click.option("--bthome", is_flag=True, help="Bluetooth beacons with each reading.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Also write a picture, as SVG.")
def energy_command(interval, report, usable, as_json, plot, **options):
    """How long a pack feeds a device that sleeps.

    It has the profile telemetry. Also says what would help most.

    A model: figures of data sheets and of others' measurements, with sources in docs/power.md. Nothing was measured on
    your board.
    """
    plan = Plan(interval_s=interval, report_s=report, usable=usable / 100, **options)
    check(plan)
    result, changes = energy(plan), steps(plan)
    if plot:
        write(plot, svg(result, changes))
    if as_json:
        click.echo(json.dumps(as_data(result, changes)))
    else:
        show(result, changes)


def check(plan: Plan):
    """Raise a ClickException, or a UsageError, for a plan that can't be calculated."""
    shortest_sleep_s = shortest_s(int(plan.interval_s))
    if plan.report_s < shortest_sleep_s:
        given = f"--report {plan.report_s} s: with --interval {plan.interval_s} s"
        rule = f"the device sleeps {shortest_sleep_s} s at least, and reports no more often"
        raise click.UsageError(f"{given} {rule}; name as much, or a shorter --interval")
    least_v, most_v = SUPPLY_V
    if not least_v <= plan.pack_v <= most_v:
        text = f"a pack of {plan.pack_v:.1f} V: a JK-B2A4S is supplied with {least_v} to {most_v} V, and for other "
        raise click.ClickException(f"{text}balancers no current is known; change --cells or --chemistry")
    if not plan.is_known:
        text = f"what {plan.board} takes in deep sleep is not known: measure it at 5 V and pass --idle-ma"
        raise click.ClickException(text)


def write(path: Path, text: str):
    """Write the file; raises a ClickException."""
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise click.ClickException(f"{path} can't be written: {error.strerror}") from None


def as_data(result: Energy, changes: list[Change]) -> dict:
    """The result for a program; triples are low, typical and high."""
    return {
        "plan": asdict(result.plan),
        "mah_per_day": {line.name: line.mah for line in result.lines},
        "reading_mah": result.reading_mah,
        "report_mah": result.report_mah,
        "day_mah": result.day_mah,
        "month_mah": result.month_mah,
        "days": result.days,
        "days_if_w_cuts_nothing": result.days_if_w_cuts_nothing,
        "changes": [{"name": change.name, "how": change.how, "days": change.days} for change in changes],
    }


def show(result: Energy, changes: list[Change]):
    """Print the result for an owner."""
    console = Console(highlight=False)
    console.print(table(result))
    for line in sentences(result, changes):
        console.print(line, markup=False)


def table(result: Energy) -> Table:
    """What is taken in a day."""
    plan = result.plan
    title = f"{plan.board}, a pack of {plan.pack_ah:g} Ah ({plan.cells} cells {plan.chemistry.upper()})"
    made = Table(box=None, pad_edge=False, title=title, title_justify="left")
    made.add_column("taken from the pack by")
    made.add_column("mAh a day (low to high)", no_wrap=True)
    made.add_column("share", no_wrap=True)
    day_mah = result.day_mah[TYPICAL]
    for line in result.lines:
        share = line.mah[TYPICAL] / day_mah
        made.add_row(
            line.name, in_words(line.mah), f"{'█' * round(_BAR_CHARACTERS * share)} {100 * share:.0f} %".strip()
        )
    made.add_row("all together", in_words(result.day_mah), "")
    return made


def sentences(result: Energy, changes: list[Change]) -> list[str]:
    """What the figures mean, one sentence a line."""
    month_ah = result.month_mah[TYPICAL] / 1000
    lines = [
        "",
        f"A reading takes {in_words(result.reading_mah)} mAh, a report {in_words(result.report_mah)} mAh, "
        f"a month {short(month_ah)} Ah.",
        f"The pack lasts {in_words(result.days)} days, with {100 * result.plan.usable:g} % of it used.",
    ]
    if result.days_if_w_cuts_nothing:
        days = in_words(result.days_if_w_cuts_nothing)
        lines.append(f"Unverified: what the balancer draws with W shut. If W cuts nothing, the pack lasts {days} days.")
    if result.plan.balancer == "v+":
        lines.append("Not measured: what the balancer draws from its balance leads while V+ is off; 0 is assumed.")
    if not changes:
        lines.append("No single change would make it last a tenth longer.")
    days = result.days[TYPICAL]
    for place, change in enumerate(changes):
        begin = "What would help most: " if place == 0 else "Then: "
        lines.append(f"{begin}{change.name} ({change.how}): {short(days)} → {short(change.days)} days.")
        days = change.days
    if any(plan.balancer != "on" for plan in (result.plan, *(change.plan for change in changes))):
        lines.append("One switch serves one pack, and its resistor must keep the balancer off: docs/power.md.")
    return lines
