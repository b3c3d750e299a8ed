"""30 days under each preset of the balance policy: `python -m tools.bench.policies` renews docs/policies.md."""

from concurrent.futures import ProcessPoolExecutor

from tools.bench.month import DAY_S, USES, Month, Result
from tools.build.common import ROOT
from tools.docs.policy_plot import drawing

DAYS = 30
BALANCED_PERCENT = 1.0
RUNS = (
    *(("riding", preset) for preset in ("off", "always", "top", "rest", "off-ride", "storage", "custom")),
    *(("stored", preset) for preset in ("off", "top", "rest", "storage")),
)
_LAST_DAYS = 10
_PAGE = ROOT / "docs/policies.md"
_PLOT = ROOT / "docs/images/policies.svg"
_HEAD = """\
# 30 days under each balance policy

Made by `python -m tools.bench.policies` from what it has simulated; changes belong there.

> **Simulated.** The decisions and the limit of writes are the firmware's own code. Pack, balancer and use are the
> simulator's (`tools/sim/`), whose curves, losses and currents are assumed.

![The difference between the cells, day after day](images/policies.svg)

The cells differ in resistance (2.4 to 3.6 mΩ) and in what they lose by themselves (0.3 to 3 mA), not in capacity. At
the start their charge differs by 4 % of it. The balancer's own supply is 40 mA, 55 mA while it balances. `custom` is
one condition: a delta above 10 mV, with 5 mV of hysteresis.

- **moved**: what was taken out of cells to be given to others; 12 % of it is lost as heat.
- **balanced after**: hours until the charge of all cells differs by 1 % at most, for the first time.
- **difference**: the mean of the last 10 days. A balancer without a policy also balances under load, where the cells'
  resistances decide.
- **waited**: hours in which a decision was not carried out because of the limit of writes.
"""
_COLUMNS = (
    "\n| preset | moved, Wh | balanced after, h | difference, % | on, % | writes a day | most | waited, h |\n"
    "|---|---|---|---|---|---|---|---|\n"
)


def main():
    """Write the page and its plot."""
    results = simulated()
    _PLOT.write_text(drawing({use: of(results, use) for use in USES}, {use: USES[use].title for use in USES}))
    _PAGE.write_text(_HEAD + "".join(section(use, of(results, use)) for use in USES))


def measure() -> dict:
    """The `policy.*` figures."""
    results = simulated()
    figures = {"policy.most_writes_a_day": {"value": most_writes(results), "unit": "F6"}}
    for (use, preset), result in results.items():
        name = f"policy.{use}.{preset}"
        figures |= {
            f"{name}.moved_wh": {"value": round(result.moved_wh, 1), "unit": "Wh"},
            f"{name}.balanced_h": {"value": result.balanced_after_h(BALANCED_PERCENT), "unit": "h"},
            f"{name}.difference": {"value": round(difference(result), 2), "unit": "%"},
            f"{name}.writes_a_day": {"value": round(len(result.writes_s) / result.days, 1), "unit": "F6"},
        }
    return figures


def simulated() -> dict[tuple[str, str], Result]:
    """Every run, on every core."""
    with ProcessPoolExecutor() as pool:
        return dict(zip(RUNS, pool.map(simulate, *zip(*RUNS, strict=True)), strict=True))


def simulate(use: str, preset: str) -> Result:
    return Month(preset, USES[use]).run(DAYS)


def most_writes(results: dict) -> int:
    return max(result.most_writes_a_day() for result in results.values())


def difference(result: Result) -> float:
    """Between the cells' charge in the last days, in percent."""
    days = result.daily_spreads()[-_LAST_DAYS:]
    return sum(days) / len(days)


def of(results: dict, use: str) -> dict[str, Result]:
    """The results of one use, by preset."""
    return {preset: result for (name, preset), result in results.items() if name == use}


def section(use: str, results: dict[str, Result]) -> str:
    """Heading and table."""
    lost_ah = max(result.lost_ah for result in results.values())
    note = f"\nThe balancer's supply and the cells' own losses took {lost_ah:.0f} Ah of each cell.\n"
    rows = "".join(row(preset, result) for preset, result in results.items())
    return f"\n## {USES[use].title}\n{note if use == 'stored' else ''}{_COLUMNS}{rows}"


def row(preset: str, result: Result) -> str:
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
    )
    return "| " + " | ".join(cells) + " |\n"


if __name__ == "__main__":
    main()
