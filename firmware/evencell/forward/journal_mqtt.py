"""What MQTT does for the journal: it finds out what has arrived, and lets the backlog be sent.

A state has QoS 0: nobody says that it came. But a broker reads in order. Whatever it answers, a ping above all, says
that it has all that was sent before.
"""

from evencell.compat import const, ticks_diff, ticks_ms
from evencell.forward.journal import MQTT

_PROVE_MS = const(10_000)  # the pause between two questions …
_MANY = const(4)  # … but so many states are enough for one
_BACKLOG = "evencell.forward.backlog_mqtt"


class Delivery:
    """A speaker on the connection (mqtt.py)."""

    def __init__(self, context, topic: str, consumer):
        self._journal = context.journal
        self._topic = topic
        self._consumer = consumer
        self._lock = context.lazy_lock
        self._scope = self._backlog = None  # what sends it, while there is one
        self._asked = None  # `pings` of the question that is open
        self._asked_ms = 0

    async def listen(self, client):
        """A new connection: what the last one was given has perhaps not arrived."""
        self._journal.client = client
        self._journal.unsent()
        self._asked = None

    def hear(self, _topic: str, _payload: bytes, _is_retained: bool):
        """Nothing that comes is for the journal."""

    async def announce(self, client):
        """Send a little of the backlog; ask whether the states arrived, and note that they did."""
        journal = self._journal
        if self._asked is not None:
            if client.pongs < self._asked:
                return  # the mark stays where it was when this was asked: all below move it
            self._asked = None
            journal.took(MQTT)
        if journal.is_late():
            await self._send_backlog(client)
        elif self._is_time_to_ask(journal.mark_sent()):
            self._asked_ms = ticks_ms()
            await client.ping()
            self._asked = client.pings

    def _is_time_to_ask(self, sent: int) -> bool:
        return sent >= _MANY or (sent > 0 and ticks_diff(ticks_ms(), self._asked_ms) >= _PROVE_MS)

    async def _send_backlog(self, client):
        """One message for each pack. The publisher goes round at once for more: live readings come between.

        Not while others use lazy modules: then it goes on when something changes.
        """
        scope = self._lock.open(self._scope)
        if scope is None:
            return
        goes_on = False
        try:
            if scope is not self._scope or self._backlog is None:
                self._backlog = scope.load(_BACKLOG).Backlog(self._journal, self._topic)
            await self._backlog.send(client)
            goes_on = self._journal.is_late()
        finally:
            self._scope = scope if goes_on else None
            if goes_on:
                self._lock.park(scope)
                self._consumer.wake()
            else:
                self._backlog = None
                self._lock.close(scope)
        if not goes_on:
            self._journal.let_go()
