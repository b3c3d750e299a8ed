"""Days of a pack in use under a balance policy (tools/sim/controlled.py), and what became of its cells."""

from dataclasses import dataclass, field
from random import Random

from evencell.control.trend import SAMPLE_S
from tools.sim.balancer import Balancer
from tools.sim.chemistry import CHEMISTRIES
from tools.sim.controlled import ControlledPack, SwitchedSupply
from tools.sim.pack import Cell, Pack
from tools.sim.scenarios import SCENARIOS
from tools.sim.supply import Supply

DAY_S = 86_400
CONDITIONS = [{"field": "delta_mv", "above": 10, "below": None, "hysteresis": 5, "trend": None, "span": None}]


@dataclass(frozen=True)
class Use:
    """What happens to the pack. `socs`: of its cells at the start, in percent; `leakages_ma`: what each loses."""

    title: str
    scenario: str
    chemistry: str
    capacity_ah: float
    socs: tuple[float, ...]
    leakages_ma: tuple[float, ...] = (0.3, 0.5, 1.0, 3.0)
    resistances_mohm: tuple[float, ...] = (3.0, 2.4, 3.6, 3.0)


RIDING = Use("Riding: LFP, 20 Ah", "ride", "lfp", 20, (90, 89.5, 89, 86))
STORED = Use("Stored: NMC, 50 Ah", "storage", "nmc", 50, (61.375, 60.875, 60.375, 57.375))
USES = {"riding": RIDING, "stored": STORED}


@dataclass
class Result:
    """What became of the pack. Each hour: `spreads` of the cells' charge in percent, and what a cell lost (mean)."""

    days: float = 0.0
    moved_wh: float = 0.0
    writes_s: list[int] = field(default_factory=list)  # when each was made
    spreads: list[float] = field(default_factory=list)
    losses_ah: list[float] = field(default_factory=list)
    on_s: int = 0
    refused_s: int = 0

    def balanced_after_h(self, percent: float) -> int | None:
        """Hours until the cells' charge differs by so little; None if it never does."""
        return next((hour for hour, spread in enumerate(self.spreads) if spread <= percent), None)

    def most_writes_a_day(self) -> int:
        """As the limit counts them: a day begins with a write that no day before contains."""
        most = count = first_s = 0
        for at_s in self.writes_s:
            if not count or at_s - first_s >= DAY_S:
                count, first_s = 0, at_s
            count += 1
            most = max(most, count)
        return most


def daily(hourly: list[float]) -> list[float]:
    """The mean of each day."""
    return [sum(hourly[hour : hour + 24]) / 24 for hour in range(0, len(hourly), 24)]


class Month:
    """A pack in use, its balancer, and the policy that switches it: by F6, or by W with `by_w`.

    `preset` "off": there is no policy.
    """

    def __init__(self, preset: str, use: Use, seed: int = 1, by_w: bool = False):
        random = Random(seed)
        chemistry = CHEMISTRIES[use.chemistry]
        cells = zip(use.socs, use.resistances_mohm, use.leakages_ma, strict=True)
        self.pack = Pack(Cell(chemistry, use.capacity_ah, mohm, soc / 100, ma) for soc, mohm, ma in cells)
        scenario = SCENARIOS[use.scenario]
        self.pack.use(scenario.phases(self.pack, chemistry, use.capacity_ah * 1000, random))
        switch = SwitchedSupply() if by_w else None
        self.balancer = Balancer(self.pack, random, switch or Supply(), SAMPLE_S)
        policy = {"preset": preset, "at_start": "unchanged", "min_on_s": 600, "min_off_s": 600}
        policy |= {"by": "w" if by_w else "f6", "conditions": CONDITIONS if preset == "custom" else []}
        self.controlled = ControlledPack(self.balancer, use.chemistry, policy, switch)

    def run(self, days: int) -> Result:
        """Let days pass."""
        result, controlled = Result(days), self.controlled
        start_as = self._charge_as()
        while controlled.clock.now_s < days * DAY_S:
            if controlled.clock.now_s % 3600 == 0:
                result.spreads.append(self._spread())
                result.losses_ah.append((start_as - self._charge_as()) / len(self.pack.cells) / 3600)
            moved_as = self.balancer.moved_as
            controlled.step()
            status = controlled.pack.accepted
            highest_mv = status.cells_mv[status.highest_cell - 1] if status.highest_cell else 0
            result.moved_wh += (self.balancer.moved_as - moved_as) * highest_mv / 3.6e6
            result.on_s += SAMPLE_S * self._may_balance()
            result.refused_s += SAMPLE_S * (controlled.refusal is not None)
        result.writes_s = controlled.writes_s
        return result

    def _may_balance(self) -> bool:
        return self.balancer.is_answering and bool(self.balancer.settings["balancing_enabled"])

    def _charge_as(self) -> float:
        return sum(cell.charge_as for cell in self.pack.cells)

    def _spread(self) -> float:
        socs = [cell.soc for cell in self.pack.cells]
        return 100 * (max(socs) - min(socs))
