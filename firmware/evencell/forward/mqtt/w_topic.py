"""Publishes what the W switch does and why, retained. Loaded only where there is one."""

import json

from evencell.compat import const

_REASON_MS = const(60_000)  # between two messages that differ in the reason alone


class WTopic:
    """Handler of `<pack>/w`: a message on each connection, when the switch is driven, or its reason changes."""

    def __init__(self, context, topic: str):
        self._context = context
        self._topic = topic
        self._last = ()  # level, reason, uptime of what was published

    async def on_connect(self, _client):
        """Publish it again."""
        self._last = ()

    def on_message(self, topic: str, payload: bytes, is_retained: bool):
        """Ignore it: nothing is subscribed."""

    async def on_update(self, client):
        """Publish what changed; raises OSError."""
        w = self._context.control.w if self._context.control else None
        if w is None:
            return
        now_ms, last = self._context.clock.uptime_ms(), self._last
        if last and last[0] == w.level and (last[1] == w.reason or now_ms - last[2] < _REASON_MS):
            return
        word = "released" if w.level is None else "on" if w.level else "off"
        payload = json.dumps({"level": word, "reason": w.reason, "resistor": w.config["resistor"]})
        await client.publish("%s/%s/w" % (self._topic, w.pack.name), payload.encode(), 1, True)
        self._last = (w.level, w.reason, now_ms)
