"""A simulated pack under a balance policy, without a serial line and in simulated time.

The decisions, the limit of writes, the alarms and the steps of the W switch are the firmware's own code. A step is
10 s, as the firmware samples. So the balancer decides once in 10 s, and a load changes no faster.
"""

from types import SimpleNamespace

from evencell.clock.zone import local_offset
from evencell.config.check import check
from evencell.control import rules, w_step, write_limit
from evencell.control.policy import decide, local_minute
from evencell.control.rules_part import Rules
from evencell.control.state import PolicyState
from evencell.control.trend import SAMPLE_S
from evencell.control.w_output import WSwitch
from evencell.hub import Hub
from evencell.pack.pack import ASLEEP, OFFLINE, ONLINE, Pack
from evencell.pack.temperature import TemperatureScale
from tools.sim.balancer import Balancer, Reading
from tools.sim.supply import Supply

_DECIDE_S = 30
_START_S = 1_790_000_000  # any time of day
_DAY_S = 86_400
_NEVER_S = 1 << 60
_FIELDS = tuple(name for name in Reading.__dataclass_fields__ if name != "cells_mv")


class SimulatedClock:
    """The firmware's clock at `now_s` seconds after the start, which was at `start_s`."""

    now_s = 0
    start_s = _START_S

    def uptime_ms(self) -> int:
        return self.now_s * 1000

    def unix_s(self) -> int:
        return self.start_s + self.now_s

    def unix_s_at(self, uptime_ms: int) -> int:
        return self.start_s + uptime_ms // 1000


class SwitchedSupply(Supply):
    """The balancer's supply behind the W switch, as a pin of the firmware drives it."""

    level = False

    def is_on(self) -> bool:
        return self.level

    def drive(self, is_on: bool):
        self.level = is_on


class _Kept(dict):
    def put(self, key: str, value):
        self[key] = value


class _Bus:
    answers = 0


class _Silent:
    """Log and hub: what happens is seen in the state."""

    posted = 0

    def __init__(self, packs: list):
        self.packs = packs

    def info(self, _text: str): ...

    def warning(self, _text: str): ...

    def post(self, *_event): ...

    def event(self, _number: int): ...


class ControlledPack:
    """A balancer and its pack, read every 10 s, and the policy that switches it by F6, or by W with a SwitchedSupply.

    `policy`: `control.policy` of the configuration. `config`: a whole one, whose limits, rules and W switch count as
    well; the start is a midnight of its time zone then. `clock` and the public attributes are what there is to see;
    `refusal`: why a write has to wait, or None. `rules`: of `config`, else None.
    """

    heap = SimpleNamespace(is_plentiful=True)
    board = SimpleNamespace(alarm_output=lambda: None)

    def __init__(
        self,
        balancer: Balancer,
        chemistry: str,
        policy: dict,
        switch: SwitchedSupply | None = None,
        config: dict | None = None,
    ):
        self.balancer = balancer
        self.policy = policy
        self.clock = SimulatedClock()
        self.key_values = _Kept({"w:pack1": [1, 0, 0]})  # the last reading had nothing against switching on
        self.pack = Pack("pack1", balancer.model, TemperatureScale("0.1"), _Bus())
        self.state = PolicyState(self.pack, {"chemistry": chemistry}, len(policy["conditions"]))
        self.log = _Silent([self.pack])
        self.hub: Hub | _Silent = self.log
        self.rules = None
        if config is None:
            config, _ = check({})
            config["control"]["policy"] = policy
            config["control"]["w"] |= {"enabled": switch is not None, "resistor": "off", "measure": False}
            config["packs"] = [{"address": 1, "chemistry": chemistry}]
            self.config = config
        else:
            self.config = config
            self.clock.start_s = _midnight(config["time"])
            self.hub = Hub([self.pack], self.clock)
            self.rules = Rules(self)
            self.rules.saved_s = _NEVER_S  # there is no flash
        self.refusal: str | None = None
        self.writes_s: list[int] = []
        self.switched_s: list[int] = []
        state = self.state if policy["preset"] != "off" else None
        self.w = WSwitch(self, switch, self.config["control"]["w"], state) if switch else None

    def step(self):
        """Let 10 s pass: the pack, a reading, a decision where it is time, and what carries it out."""
        self.clock.now_s += SAMPLE_S
        now_s = self.clock.now_s
        self.balancer.step(SAMPLE_S)
        is_answering = self.balancer.is_answering
        if self.w and is_answering and self.w.deadline_s and self.w.answered_s is None:
            self.w.answered_s = now_s
        if is_answering:
            self._read()
        elif self.pack.link != ASLEEP:
            self.pack.link = OFFLINE
        if self.pack.link == ONLINE and self.policy["preset"] != "off":
            self.state.trend.add(self.pack.accepted, now_s)
            if now_s % _DECIDE_S == 0:
                self._decide(now_s)
        if self.rules:
            self._evaluate(self.rules, now_s)
        if self.w and w_step.step(self.w, self, now_s):
            self.pack.link = ASLEEP
            self.w.drive(False)

    def _evaluate(self, evaluated: Rules, now_s: int):
        if self.pack.link == ONLINE:
            evaluated.states[0].trend.add(self.pack.accepted, now_s)
        rules.tick(self, evaluated)

    def _read(self):
        reading, status = self.balancer.reading(), self.pack.candidate
        for name in _FIELDS:
            setattr(status, name, getattr(reading, name))
        for slot, cell_mv in enumerate(reading.cells_mv):
            status.cells_mv[slot] = cell_mv
        self.pack.accept_unchecked(self.clock)
        self.pack.link = ONLINE

    def _decide(self, now_s: int):
        state = self.state
        was_on = state.is_on
        minute = local_minute(self, self.policy)
        decide(state, self.policy, self.pack.age_ms(self.clock), now_s, minute, self.config["control"]["limits"])
        if was_on is not None and state.is_on != was_on:
            self.switched_s.append(now_s)
        if self.w:
            return
        self.refusal = None
        if self.pack.accepted.balancing_enabled == state.is_on:
            return
        self.refusal = write_limit.refusal(self, state)
        if self.refusal is None:
            write_limit.note(self, state)
            self.balancer.write("balancing_enabled", 1 if state.is_on else 0)
            self.writes_s.append(now_s)


def _midnight(time: dict) -> int:
    """UNIX seconds of a midnight of the configured time."""
    midnight_s = _START_S - _START_S % _DAY_S
    return midnight_s - local_offset(time, midnight_s)[0]
