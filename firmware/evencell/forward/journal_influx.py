"""What the database's sender does for the journal: it says what was stored, and sends what was missed."""

from evencell.compat import const
from evencell.forward.journal import INFLUX

_BACKLOG = "evencell.forward.backlog_influx"
_WAIT_MS = const(10_000)  # while others use lazy modules


class CatchUp:
    """Beside the queue (influx.py), which has every reading, but forgets. `is_behind`: the journal has more than it."""

    def __init__(self, context, queue, keeper):
        self._context = context
        self._journal = context.journal
        self._queue = queue
        self._keeper = keeper
        self._lock = context.lazy_lock
        self._scope = self._missed = None  # what gives the backlog, while there is one
        self._dropped_before = 0
        self.is_behind = self._journal.counts()["waiting"] > 0

    def is_due(self) -> bool:
        """Whether there is a backlog, and a clock that can date it."""
        return self.is_behind and self._context.clock.unix_s() is not None

    def begin(self):
        """What is in the queue is about to be sent: so is all that is held, but for what has no time or was dropped."""
        self._keeper.look()
        is_dropped = self._queue.dropped != self._dropped_before
        if is_dropped or self._context.clock.unix_s() is None or self._journal.is_behind(INFLUX):
            self.is_behind = True
        self._dropped_before = self._queue.dropped
        if not self.is_behind:
            self._journal.mark_all(INFLUX)

    async def end(self, store):
        """The queue was stored. Of a backlog one request is sent, with `store(lines)`: readings go on meanwhile."""
        if not self.is_behind:
            self._journal.took(INFLUX)
            return
        scope = await self._lock.wait(_WAIT_MS, self._scope)
        if scope is None:
            return
        goes_on = False
        try:
            if scope is not self._scope or self._missed is None:
                self._missed = scope.load(_BACKLOG).Missed(self._journal)
            goes_on = await self._send(self._missed, store)
        finally:
            self._scope = scope if goes_on else None
            if goes_on:
                self._lock.park(scope)
            else:
                self._missed = None
                self._lock.close(scope)
        if not goes_on:
            self.is_behind = False
            self._journal.let_go()

    async def _send(self, missed, store) -> bool:
        """Send one request; whether there may be more to send."""
        lines = missed.lines(self._context.config["influx"]["measurement"], self._context.device_id)
        if lines:
            await store(lines)
            missed.stored()
        return len(lines) > 0
