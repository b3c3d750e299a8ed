"""MQTT as a sink of the outbox: acknowledges published states, and replays the backlog.

A state has QoS 0, so no packet acknowledges it. But a broker processes packets in order: its answer to a ping says that
every state before it arrived.
"""

from evencell.compat import const, ticks_diff, ticks_ms
from evencell.forward.outbox.outbox import MQTT

_PING_PAUSE_MS = const(10_000)
_MAX_IN_FLIGHT = const(4)  # so many states are pinged for at once
_REPLAY = "evencell.forward.outbox.mqtt_replay"


class MqttSink:
    """A handler of the connection (mqtt/handlers.py)."""

    def __init__(self, context, topic: str, consumer):
        self._outbox = context.outbox
        self._topic = topic
        self._consumer = consumer
        self._lock = context.lazy_lock
        self._scope = self._replay = None  # while there is a backlog
        self._pings = None  # `client.pings` of the ping without an answer
        self._ping_ms = 0
        self._position = 0  # of the delivery cursor at that ping

    async def on_connect(self, _client):
        """A new connection: what the last one was sent has perhaps not arrived."""
        self._outbox.rewind(MQTT)
        self._pings = None

    def on_message(self, _topic: str, _payload: bytes, _age: int):
        """No message is for the outbox."""

    async def on_update(self, client):
        """Publish a batch of the backlog, or ping for published states; acknowledge what the last ping was for."""
        outbox = self._outbox
        if self._pings is not None:
            if client.pongs < self._pings:
                return
            self._pings = None
            outbox.acknowledge(MQTT, self._position)
        in_flight = outbox.sent[MQTT] - outbox.acknowledged[MQTT]
        is_paused = ticks_diff(ticks_ms(), self._ping_ms) < _PING_PAUSE_MS
        if outbox.has_backlog():
            await self._publish_backlog(client)
        elif in_flight >= _MAX_IN_FLIGHT or (in_flight and not is_paused):
            self._ping_ms = ticks_ms()
            self._position = outbox.sent[MQTT]
            await client.ping()
            self._pings = client.pings

    async def _publish_backlog(self, client):
        """Publish one batch, then wake the publisher for the next: live readings go on between.

        While another scope of lazy modules is open nothing is published: it goes on when something changes.
        """
        scope = self._lock.open(self._scope)
        if scope is None:
            return
        has_more = False
        try:
            if scope is not self._scope or self._replay is None:
                self._replay = scope.load(_REPLAY).Replay(self._outbox, self._topic)
            await self._replay.publish(client)
            has_more = self._outbox.has_backlog()
        finally:
            self._scope = scope if has_more else None
            if has_more:
                self._lock.park(scope)
                self._consumer.wake()
            else:
                self._replay = None
                self._lock.close(scope)
        if not has_more:
            self._outbox.release_store()
