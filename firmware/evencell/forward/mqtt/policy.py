"""Publishes what the balance policy of each pack does and why, retained. Loaded only where there is a policy."""

import json

from evencell.compat import const

_REASON_MS = const(60_000)  # between two messages that differ in the reason alone


class PolicyTopic:
    """Handler of `<pack>/policy`: a message on each connection, when the policy switches, or its reason changes."""

    def __init__(self, context, topic: str):
        self._context = context
        self._topic = topic
        self._last = {}  # by pack: (preset, whether it is on, problem, reason, uptime) of what was published

    async def on_connect(self, _client):
        """Publish everything again."""
        self._last.clear()

    def on_message(self, _topic: str, _payload: bytes, _age: int):
        """No message is for the policy."""

    async def on_update(self, client):
        """Publish what changed; raises OSError."""
        control = self._context.control
        for state in control.states if control else ():
            now_ms, last = self._context.clock.uptime_ms(), self._last.get(state.pack.name)
            new = (state.preset, state.is_on, state.problem, state.reason, now_ms)
            if last:
                is_recent = now_ms - last[4] < _REASON_MS
                if new[:4] == last[:4] or (new[:3] == last[:3] and is_recent):
                    continue
            await client.publish("%s/%s/policy" % (self._topic, state.pack.name), self._payload(state), 1, True)
            self._last[state.pack.name] = new

    def _payload(self, state) -> bytes:
        preset = state.preset or self._context.config["control"]["policy"]["preset"]
        word = "on" if state.is_on else "off"
        if state.is_on is None:
            word = None if preset == "off" else "waiting"
        found = {"preset": preset, "state": word, "reason": state.reason, "problem": state.problem}
        return json.dumps(found).encode()
