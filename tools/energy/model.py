"""What a device that sleeps takes from its pack: charge per reading, report, day and month, and the days that it lasts.

The board's current is that at 5 V, wherever its linear regulator makes 3.3 V of it; a step-down converter makes these
5 V of the pack. Not in it: queries for the time, failed reports, the balancing itself, and the cold.
"""

from dataclasses import dataclass, replace

from tools.energy.figures import CASES, CONVERTER_MA, FIGURES, IDLE_MA, LOW, TYPICAL, value
from tools.energy.phases import reading, report, supplied_s
from tools.energy.plan import DAY_S, Plan

DAYS_A_MONTH = 365.25 / 12
_HOURS = 24
_SUPPLY_V = 5.0


@dataclass(frozen=True)
class Line:
    """A consumer: mAh a day from the pack, in the three cases."""

    name: str
    mah: tuple[float, ...]


@dataclass(frozen=True)
class Energy:
    """The result; triples are the cases low, typical and high, `days` those that the pack lasts in them.

    `days_if_w_cuts_nothing`: with the balancer's pin W, what it draws with W shut was never measured.
    """

    plan: Plan
    lines: list[Line]
    reading_mah: tuple[float, ...]
    report_mah: tuple[float, ...]
    day_mah: tuple[float, ...]
    days: tuple[float, ...]
    days_if_w_cuts_nothing: tuple[float, ...] | None

    @property
    def month_mah(self) -> tuple[float, ...]:
        """mAh a month."""
        return tuple(mah * DAYS_A_MONTH for mah in self.day_mah)

    @property
    def largest(self) -> Line:
        """The consumer that takes most, typically."""
        return max(self.lines, key=lambda line: line.mah[TYPICAL])


def energy(plan: Plan) -> Energy:
    """Calculate; the plan's board has to be known."""
    by_case = [_consumers(plan, case) for case in CASES]
    lines = [Line(name, tuple(consumers[name] for consumers in by_case)) for name in by_case[LOW]]
    lines = [line for line in lines if any(line.mah)]
    day_mah = tuple(sum(line.mah[case] for line in lines) for case in CASES)
    return Energy(
        plan,
        lines,
        tuple(_reading_mah(plan, case) for case in CASES),
        tuple(_report_mah(plan, case) for case in CASES),
        day_mah,
        tuple(_days(plan, mah) for mah in day_mah),
        _days_if_w_cuts_nothing(plan, day_mah),
    )


def lived(plan: Plan, days: float, wakes: int, reports: int) -> Energy:
    """The same for so many wakes and reports in so many days, as bench/asleep.py counts them."""
    return energy(replace(plan, interval_s=days * DAY_S / wakes, report_s=days * DAY_S / max(1, reports)))


def _consumers(plan: Plan, case: int) -> dict[str, float]:
    """mAh a day from the pack, by consumer."""
    transceiver_ma = value("transceiver", case) if plan.has_own_transceiver else 0
    self_discharge = FIGURES["self_discharge"].values[case] / 100 / DAYS_A_MONTH
    return {
        "balancer": _balancer_mah(plan, case),
        "board asleep": _at_pack(plan, case, _idle_ma(plan, case) * _HOURS),
        "transceiver asleep": _at_pack(plan, case, transceiver_ma * _HOURS),
        "converter without load": CONVERTER_MA[plan.converter].values[case] * _HOURS,
        "readings": plan.readings_per_day * _reading_mah(plan, case),
        "reports": plan.reports_per_day * _report_mah(plan, case),
        "self-discharge": 1000 * plan.pack_ah * self_discharge,
    }


def _at_pack(plan: Plan, case: int, mah: float) -> float:
    """Charge from the pack for this charge at 5 V."""
    return mah * _SUPPLY_V / (value("efficiency", case) * plan.pack_v)


def _idle_ma(plan: Plan, case: int) -> float:
    figure = IDLE_MA[plan.board]
    return figure.values[case] if plan.idle_ma is None and figure else plan.idle_ma or 0


def _reading_mah(plan: Plan, case: int) -> float:
    return _at_pack(plan, case, sum(phase.mah for phase in reading(plan, case)))


def _report_mah(plan: Plan, case: int) -> float:
    return _at_pack(plan, case, sum(phase.mah for phase in report(plan, case))) if plan.report_s else 0


def _balancer_mah(plan: Plan, case: int) -> float:
    """With W or a switch in V+ for the readings alone, as if it drew nothing in between."""
    hours = _HOURS if plan.balancer == "on" else plan.readings_per_day * supplied_s(case) * _HOURS / DAY_S
    return value("balancer", case) * min(_HOURS, hours)


def _days(plan: Plan, day_mah: float) -> float:
    return 1000 * plan.pack_ah * plan.usable / day_mah


def _days_if_w_cuts_nothing(plan: Plan, day_mah: tuple) -> tuple | None:
    if plan.balancer != "w":
        return None
    more = [value("balancer", case) * _HOURS - _balancer_mah(plan, case) for case in CASES]
    return tuple(_days(plan, mah + more[case]) for case, mah in zip(CASES, day_mah, strict=True))
