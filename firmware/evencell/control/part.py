"""Starts the balance policy and the W switch where they are configured. The policy decides every 30 s."""

from evencell.compat import const, sleep_ms
from evencell.control.state import PolicyState
from evencell.pack.pack import ASLEEP, ONLINE
from evencell.runtime.lazy import call

_SAMPLE_MS = const(10_000)
_DECIDE_EVERY = const(3)  # samples
_POLICY = "evencell.control.policy"
_LIMIT = "evencell.control.write_limit"
_SWITCH = "balancing_enabled"


def start(context):
    """Start a policy for every pack, and the W switch of the first one."""
    settings, w, states = context.config["control"], None, []
    policy, has_w = settings["policy"], settings["w"]["enabled"]
    if policy["by"] is None:
        policy["by"] = "w" if has_w else "f6"
    if policy["preset"] != "off":
        conditions = len(policy["conditions"])
        for pack, of_pack in zip(context.hub.packs, context.config["packs"]):
            states.append(PolicyState(pack, of_pack, conditions))
        if context.key_values.get("presets"):
            call("evencell.control.preset", "restore", context, states)
    if has_w:
        from evencell.control.w_output import start as start_w

        w = start_w(context, states)
    control = context.control = Control(context, states, w)
    if states:
        context.supervisor.start("control", control.run)


class Control:
    """The policies of all packs. `states`: one for each pack (state.py), in the order of the configuration.

    `config`: `control.policy` of the configuration. `w`: the W switch (w_output.py), or None.
    """

    def __init__(self, context, states: list, w):
        self._context = context
        self.config = context.config["control"]["policy"]
        self.states = states
        self.w = w

    async def run(self):
        """Sample, decide and carry out, without end."""
        samples = _DECIDE_EVERY
        while True:
            await sleep_ms(_SAMPLE_MS)
            now_s = self._context.clock.uptime_ms() // 1000
            for state in self.states:
                if state.pack.link == ONLINE:
                    state.trend.add(state.pack.accepted, now_s)
            samples += 1
            is_first = any(state.decided_s is None and state.pack.sequence for state in self.states)
            if (samples >= _DECIDE_EVERY or is_first) and await self._decide():
                samples = 0
                for state in self.states:
                    before = state.problem
                    await self._carry_out(state)
                    self._warn(state, before)

    def _warn(self, state, before: str | None):
        """Log a problem that `before` was not; while one lasts, what follows its colon may count seconds."""
        if state.problem and state.problem.split(":")[0] != (before or "").split(":")[0]:
            self._context.log.warning("%s: balance policy: %s" % (state.pack.name, state.problem))

    async def _decide(self) -> bool:
        """Decide for every pack, before requests that wait; False after the timeout of the lock."""
        context = self._context
        lock = context.lazy_lock
        scope = await lock.wait(is_urgent=True)
        if scope is None:
            return False
        now_s = context.clock.uptime_ms() // 1000
        was_on = [state.is_on for state in self.states]
        try:
            policy = scope.load(_POLICY)
            minute = policy.local_minute(context, self.config)
            for state in self.states:
                if state.pack.link == ASLEEP:
                    continue  # the last reason stands until it is read again
                age_ms, own = state.pack.age_ms(context.clock), context.config["control"]["limits"]
                policy.decide(state, self.config, age_ms, now_s, minute, own)
        finally:
            lock.close(scope)
        for state, before in zip(self.states, was_on):
            if state.is_on != before and state.is_on is not None:
                context.log.info("%s: balancing %s" % (state.pack.name, state.reason))
                if state.is_on != (self._was_on(state) if before is None else before):
                    context.hub.post("policy", state.pack.name, _SWITCH, state.is_on)
        return True

    def _was_on(self, state):
        """Whether balancing was on before the first decision: a start alone is no change."""
        if self.config["by"] == "w":
            return self.w and self.w.config["resistor"] == "on"
        return state.pack.accepted.balancing_enabled

    async def _carry_out(self, state):
        """Switch the balancer, if it is not as decided, and if the limit of writes allows it."""
        pack, context = state.pack, self._context
        if self.config["by"] == "w":
            state.problem = None if self.w else "there is no W switch: see the configuration's faults in the log"
            if state.is_on and pack.link == ONLINE and not pack.accepted.balancing_enabled:
                state.problem = "the balancer's own setting balancing_enabled is off"
            return
        if state.is_on is None or pack.link != ONLINE or pack.accepted.balancing_enabled == state.is_on:
            state.problem = None
            return
        if pack.writer is None:
            state.problem = 'the pack is read-only: set "writable": true in its entry of config.json'
            return
        state.problem = call(_LIMIT, "refusal", context, state)
        if state.problem is None:
            call(_LIMIT, "note", context, state)
            result = await pack.writer(_SWITCH, state.is_on, "policy")
            state.problem = result["error"]
