"""What would make the pack last longer: one change after the other, that which helps most first."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tools.energy.figures import CONVERTER_MA, HIGH, IDLE_MA, TYPICAL
from tools.energy.model import energy
from tools.energy.plan import Plan

_LEAST_GAIN = 1.1
_SPARING_CONVERTER = min(CONVERTER_MA, key=lambda name: CONVERTER_MA[name].values[TYPICAL])
_SPARING_BOARD = min(filter(IDLE_MA.get, IDLE_MA), key=lambda name: IDLE_MA[name].values[HIGH])


@dataclass(frozen=True)
class Change:
    """A change of the plan: its name, how to make it, the plan after it, and the days that the pack lasts typically."""

    name: str
    how: str
    plan: Plan
    days: float


def steps(plan: Plan) -> list[Change]:
    """Changes on top of each other, until none brings a tenth more."""
    found, days = [], energy(plan).days[TYPICAL]
    while changes := list(_changes(plan)):
        best = max(changes, key=lambda change: change.days)
        if best.days < _LEAST_GAIN * days:
            break
        found.append(best)
        plan, days = best.plan, best.days
    return found


def _changes(plan: Plan) -> Iterator[Change]:
    for name, how, keys in _possible(plan):
        changed = replace(plan, **keys)
        yield Change(name, how, changed, energy(changed).days[TYPICAL])


def _possible(plan: Plan) -> Iterator[tuple[str, str, dict]]:
    if plan.balancer == "on":
        yield "a switch in V+ for the balancer", "circuit C of docs/wiring.md", {"balancer": "v+"}
    if plan.converter != _SPARING_CONVERTER:
        keys = {"converter": _SPARING_CONVERTER}
        yield "a converter that takes little without load", f"--converter {_SPARING_CONVERTER}", keys
    if plan.board != _SPARING_BOARD:
        yield "a board that takes less asleep", _SPARING_BOARD, {"board": _SPARING_BOARD, "idle_ma": None}
    if plan.interval_s < 3_600:
        yield "a reading each hour", "power.interval_s", {"interval_s": 3_600}
    if 0 < plan.report_s < 86_400:
        yield "a report each day", "power.report_s", {"report_s": 86_400}
