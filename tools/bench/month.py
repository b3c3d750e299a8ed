"""Days of a pack under a balance policy: the firmware's decisions and limits, a simulated pack and clock.

A step is 10 s, as the firmware samples. So the balancer decides once in 10 s, and a load changes no faster. The
readings do not pass the protocol, framing and acceptance: other measurements have these.
"""

from dataclasses import dataclass, field
from random import Random

from evencell.control import write_limit
from evencell.control.policy import decide
from evencell.control.state import PolicyState
from evencell.control.trend import SAMPLE_S
from evencell.pack.status import Status
from tools.sim.balancer import Balancer
from tools.sim.chemistry import CHEMISTRIES
from tools.sim.pack import Cell, Pack
from tools.sim.scenarios import SCENARIOS
from tools.sim.supply import Supply

DAY_S = 86_400
_DECIDE_S = 30
_START_S = 1_790_000_000  # any time of day
_FIELDS = (
    "alarms_raw", "balance_ma", "balance_raw", "balancing_raw", "cells_configured", "cells_detected",
    "frame_average_mv", "frame_delta_mv", "frame_highest_index", "frame_lowest_index", "max_balance_ma",
    "pack_mv", "temperature_raw", "trigger_mv",
)  # fmt: skip
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
STORED = Use("Stored: NMC, 50 Ah", "storage", "nmc", 50, (60, 59.5, 59, 56))
USES = {"riding": RIDING, "stored": STORED}


@dataclass
class Result:
    """What became of the pack. `spreads`: of the cells' charge in percent of the capacity, each hour."""

    days: float = 0.0
    moved_wh: float = 0.0
    lost_ah: float = 0.0
    writes_s: list[int] = field(default_factory=list)  # when each was made
    switched_s: list[int] = field(default_factory=list)  # when the policy decided otherwise than before
    spreads: list[float] = field(default_factory=list)
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

    def daily_spreads(self) -> list[float]:
        """The mean of each day."""
        return [sum(self.spreads[hour : hour + 24]) / 24 for hour in range(0, len(self.spreads), 24)]


class _Clock:
    now_s = 0

    def uptime_ms(self) -> int:
        return self.now_s * 1000

    def unix_s(self) -> int:
        return _START_S + self.now_s


class _Context:
    """What `write_limit` needs of the firmware's context."""

    def __init__(self):
        self.clock = _Clock()
        self.key_values = _Kept()


class _Kept(dict):
    def put(self, key: str, value):
        self[key] = value


class _PolicyPack:
    name = "pack1"
    link = 0

    def __init__(self):
        self.accepted = Status()


class Month:
    """A pack in use, its balancer, and the policy that switches it by F6. `preset` "off": there is no policy."""

    def __init__(self, preset: str, use: Use, seed: int = 1):
        random = Random(seed)
        chemistry = CHEMISTRIES[use.chemistry]
        cells = zip(use.socs, use.resistances_mohm, use.leakages_ma, strict=True)
        self.pack = Pack(Cell(chemistry, use.capacity_ah, mohm, soc / 100, ma) for soc, mohm, ma in cells)
        scenario = SCENARIOS[use.scenario]
        one_c_ma = use.capacity_ah * 1000
        self.pack.use(scenario.phases(self.pack, chemistry, one_c_ma, random))
        self.supply = Supply()
        self.balancer = Balancer(self.pack, random, self.supply, SAMPLE_S)
        self.result = Result()
        self._use = use
        self._context = _Context()
        self._config = {"preset": preset, "at_start": "unchanged", "min_on_s": 600, "min_off_s": 600, "by": "f6"}
        self._config["conditions"] = CONDITIONS if preset == "custom" else []
        self._state = PolicyState(_PolicyPack(), use.chemistry, len(self._config["conditions"]))

    def run(self, days: int) -> Result:
        """Let days pass."""
        result, clock = self.result, self._context.clock
        start_as = self._charge_as()
        for now_s in range(0, days * DAY_S, SAMPLE_S):
            clock.now_s = now_s
            if now_s % 3600 == 0:
                result.spreads.append(self._spread())
            moved_as = self.balancer.moved_as
            self.balancer.step(SAMPLE_S)
            self._read()
            self._follow_policy(now_s)
            status = self._state.pack.accepted
            highest_mv = status.cells_mv[status.highest_cell - 1]
            result.moved_wh += (self.balancer.moved_as - moved_as) * highest_mv / 3.6e6
            result.on_s += SAMPLE_S * bool(status.balancing_enabled)
        result.days = days
        result.lost_ah = (start_as - self._charge_as()) / len(self.pack.cells) / 3600
        return result

    def _read(self):
        reading, status = self.balancer.reading(), self._state.pack.accepted
        for name in _FIELDS:
            setattr(status, name, getattr(reading, name))
        for slot, cell_mv in enumerate(reading.cells_mv):
            status.cells_mv[slot] = cell_mv
        status.derive()
        status.alarms = 0
        status.temperature_dc = status.temperature_raw

    def _follow_policy(self, now_s: int):
        if self._config["preset"] == "off":
            return
        state, result = self._state, self.result
        state.trend.add(state.pack.accepted, now_s)
        if now_s % _DECIDE_S:
            return
        was_on = state.is_on
        decide(state, self._config, 0, now_s, None)
        if was_on is not None and state.is_on != was_on:
            result.switched_s.append(now_s)
        if state.pack.accepted.balancing_enabled == state.is_on:
            return
        if write_limit.refusal(self._context, state.pack.name):
            result.refused_s += _DECIDE_S
            return
        write_limit.note(self._context, state.pack.name)
        self.balancer.write("balancing_enabled", 1 if state.is_on else 0)
        result.writes_s.append(now_s)

    def _charge_as(self) -> float:
        return sum(cell.charge_as for cell in self.pack.cells)

    def _spread(self) -> float:
        socs = [cell.soc for cell in self.pack.cells]
        return 100 * (max(socs) - min(socs))
