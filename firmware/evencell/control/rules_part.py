"""Starts rules and the event log of alarms, where they are wanted: evaluated every 10 s by lazy modules (rules.py)."""

from evencell.compat import const, sleep_ms
from evencell.control.rule_state import RuleState
from evencell.pack.pack import ONLINE
from evencell.runtime.lazy import call

_TICK_MS = const(10_000)
_RETRY_MS = const(1_000)  # while other lazy modules are in use
_DRIFT_S = const(86_400)  # between two searches for cells that drift
_FIRST_DRIFT_S = const(3_600)
_RULES = "evencell.control.rules"


def start(context):
    """Evaluate the rules of every pack."""
    rules = context.rules = Rules(context)
    context.at_end.append(rules.save)
    context.supervisor.start("rules", rules.run)


class Rules:
    """What outlives the code that evaluates. `states`: one for each pack, in the order of the configuration.

    `seen`: number of the hub's next event for the event log, `checked`: of the next one for what commands have set.
    `waiting`: events that the event log has yet to keep. `saved_s`: uptime
    of the last write to the flash, or None. `is_changed`: there is something to save. `output(is_on)` drives the alarm
    output, None without one.
    """

    def __init__(self, context):
        self._context = context
        control = context.config["control"]
        if control["builtin_rules"] is None:
            control["builtin_rules"] = context.heap.is_plentiful
        self.states = [
            RuleState(pack, settings, control) for pack, settings in zip(context.hub.packs, context.config["packs"])
        ]
        self.seen = self.checked = 0
        self.waiting = []
        self.saved_s: int | None = None
        self.is_changed = False
        self._drift_s = _FIRST_DRIFT_S
        self.output = context.board.alarm_output()
        call(_RULES, "restore", context, self)

    async def run(self):
        """Evaluate without end."""
        context = self._context
        try:
            while True:
                await sleep_ms(_TICK_MS)
                for state in self.states:
                    if state.pack.link == ONLINE:
                        state.trend.add(state.pack.accepted, context.clock.uptime_ms() // 1000)
                if context.history and context.clock.uptime_ms() // 1000 >= self._drift_s:
                    await self._find_drift()
                while not await self._tick():
                    await sleep_ms(_RETRY_MS)
        finally:
            if self.output:
                self.output(False)  # a failure makes no noise until it runs again

    async def _tick(self) -> bool:
        """Evaluate once, before requests that wait; False after the timeout of the lock."""
        context = self._context
        lock = context.lazy_lock
        scope = await lock.wait(is_urgent=True)
        if scope is None:
            return False
        try:
            scope.load(_RULES).tick(context, self)
        finally:
            lock.close(scope)
        return True

    async def _find_drift(self):
        """Search every pack's month for cells that drift; the next day where other lazy modules are long in use."""
        lock = self._context.lazy_lock
        self._drift_s = self._context.clock.uptime_ms() // 1000 + _DRIFT_S
        scope = await lock.wait()
        if scope is None:
            return
        try:
            find = scope.load(self._context.history.DRIFT).find
            for state in self.states:
                for bits in find(self._context, state.pack):
                    state.drifting = bits
                    await sleep_ms(0)
            find = None
        finally:
            lock.close(scope)

    def save(self):
        """Write what is only in memory."""
        call(_RULES, "save", self._context, self)
