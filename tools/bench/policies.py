"""30 days under each preset of the balance policy.

`python -m tools.bench.policies` renews docs/policies.md and docs/images/policies*.svg, within 3 minutes.
"""

from concurrent.futures import ProcessPoolExecutor

from tools.bench.month import DAY_S, USES, Month, Result, daily
from tools.build.common import ROOT
from tools.docs.policy_bars import sheet_of_bars
from tools.docs.policy_plot import drawing

DAYS = 30
BALANCED_PERCENT = 1.0
BY_W = "storage, W"  # carried out by the W switch, with the storage guard
RUNS = (
    *(("riding", preset) for preset in ("off", "always", "top", "rest", "off-ride", "storage", "custom")),
    *(("stored", preset) for preset in ("off", "top", "rest", "storage", BY_W)),
)
_LAST_DAYS = 10
_PAGE = ROOT / "docs/policies.md"
_PLOT = ROOT / "docs/images/policies.svg"
_BARS = "policies-{}.svg"
_HEAD = """\
# 30 days under each balance policy

Made by `python -m tools.bench.policies` from what it has simulated; changes belong there.

> **Simulated.** The decisions and the limit of writes are the firmware's own code. Pack, balancer and use are the
> simulator's (`tools/sim/`), whose curves, losses and currents are assumed.

![Two plots of how far the cells' charge differs on each day, and one of the charge lost](images/policies.svg)

The cells differ in resistance (2.4 to 3.6 mΩ) and in what they lose by themselves (0.3 to 3 mA), not in capacity. At
the start their charge differs by 4 % of it. The balancer's own supply is 40 mA, 55 mA while it balances. `custom` is
one condition: a delta above 10 mV, with 5 mV of hysteresis.

- **moved**: what was taken out of cells to be given to others; 12 % of it is lost as heat.
- **balanced**: hours until the charge of all cells differs by 1 % at most, for the first time.
- **difference**: the mean of the last 10 days. A balancer without a policy also balances under load, where the cells'
  resistances decide.
- **waited**: hours in which a decision was not carried out because of the limit of writes.
- **lost**: the mean charge that a cell lost in 30 days, by the balancer's supply and by itself. `storage, W` is the
  preset `storage` carried out by the W switch, with a minute of reading each hour. **Assumed**: a balancer whose W is
  off draws nothing. That was not measured.
"""
_COLUMNS = (
    "\n| preset | moved, Wh | balanced, h | difference, % | on, % | writes a day | most | waited, h | lost, Ah |\n"
    "|---|---|---|---|---|---|---|---|---|\n"
)


def main():
    """Write the page and its plots."""
    results = simulated()
    _PLOT.write_text(drawing(panels(results)))
    for use in USES:
        _PLOT.with_name(_BARS.format(use)).write_text(drawn_bars(use, of(results, use)))
    _PAGE.write_text(_HEAD + "".join(section(use, of(results, use)) for use in USES))


def measure() -> dict:
    """The `policy.*` figures."""
    results = simulated()
    figures = {"policy.most_writes_a_day": {"value": most_writes(results), "unit": "F6"}}
    for (use, preset), result in results.items():
        name = f"policy.{use}.{preset.replace(', ', '_')}"
        figures |= {
            f"{name}.moved_wh": {"value": round(result.moved_wh, 1), "unit": "Wh"},
            f"{name}.balanced_h": {"value": result.balanced_after_h(BALANCED_PERCENT), "unit": "h"},
            f"{name}.difference": {"value": round(difference(result), 2), "unit": "%"},
            f"{name}.writes_a_day": {"value": round(len(result.writes_s) / result.days, 1), "unit": "F6"},
            f"{name}.lost_ah": {"value": round(result.losses_ah[-1], 2), "unit": "Ah"},
        }
    return figures


def simulated() -> dict[tuple[str, str], Result]:
    """Every run, on every core."""
    with ProcessPoolExecutor() as pool:
        return dict(zip(RUNS, pool.map(simulate, *zip(*RUNS, strict=True)), strict=True))


def simulate(use: str, preset: str) -> Result:
    return Month(preset.partition(",")[0], USES[use], by_w=preset == BY_W).run(DAYS)


def panels(results: dict) -> list[tuple[str, str, dict]]:
    """What the plot shows: title, what it is, and a value of each day by preset."""
    found = [
        (USES[use].title, "difference between the cells' charge, %", series(of(results, use), "spreads"))
        for use in USES
    ]
    lost = {preset: result for preset, result in of(results, "stored").items() if preset in ("storage", BY_W)}
    return [*found, (USES["stored"].title, "charge lost, Ah of each cell", series(lost, "losses_ah"))]


def drawn_bars(use: str, results: dict[str, Result]) -> str:
    """What the table of a use has, as bars."""
    by_preset = results.items()
    found = [
        ("Energy moved", "Wh", {preset: result.moved_wh for preset, result in by_preset}),
        (
            f"Until balanced to {BALANCED_PERCENT:.0f} %",
            "hours, for the first time",
            {preset: result.balanced_after_h(BALANCED_PERCENT) for preset, result in by_preset},
        ),
        ("Writes to the balancer", "F6 in 30 days", {preset: len(result.writes_s) for preset, result in by_preset}),
    ]
    if use == "stored":
        found.append(("Charge lost", "Ah of each cell", {preset: result.losses_ah[-1] for preset, result in by_preset}))
    else:
        found.append(
            ("Difference at the end", "%, last 10 days", {preset: difference(result) for preset, result in by_preset})
        )
    return sheet_of_bars(f"{USES[use].title}, {DAYS} days", found)


def series(results: dict[str, Result], name: str) -> dict[str, list[float]]:
    """A list of each hour as means of each day, by preset."""
    return {preset: daily(getattr(result, name)) for preset, result in results.items()}


def most_writes(results: dict) -> int:
    return max(result.most_writes_a_day() for result in results.values())


def difference(result: Result) -> float:
    """Between the cells' charge in the last days, in percent."""
    days = daily(result.spreads)[-_LAST_DAYS:]
    return sum(days) / len(days)


def of(results: dict, use: str) -> dict[str, Result]:
    """The results of one use, by preset."""
    return {preset: result for (name, preset), result in results.items() if name == use}


def section(use: str, results: dict[str, Result]) -> str:
    """Heading, bars and table."""
    rows = "".join(row(preset, result, use == "stored") for preset, result in results.items())
    picture = f"![The numbers below as bars](images/{_BARS.format(use)})"
    return f"\n## {USES[use].title}\n\n{picture}\n{_COLUMNS}{rows}"


def row(preset: str, result: Result, is_stored: bool) -> str:
    hours = result.balanced_after_h(BALANCED_PERCENT)
    cells = (
        f"`{preset}`",
        f"{result.moved_wh:.1f}",
        "never" if hours is None else str(hours),
        f"{difference(result):.1f}",
        f"{100 * result.on_s / (result.days * DAY_S):.0f}",
        f"{len(result.writes_s) / result.days:.1f}",
        str(result.most_writes_a_day()),
        f"{result.refused_s / 3600:.0f}",
        f"{result.losses_ah[-1]:.1f}" if is_stored else "–",
    )
    return "| " + " | ".join(cells) + " |\n"


if __name__ == "__main__":
    main()
