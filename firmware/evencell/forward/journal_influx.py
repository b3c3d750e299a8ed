"""What the database's sender does for the journal: it says what was stored, and sends what was missed."""

from evencell.forward.journal import INFLUX
from evencell.system.on_demand import forget


class CatchUp:
    """Beside the queue (influx.py), which has every reading, but forgets. `is_behind`: the journal has more than it."""

    def __init__(self, context, queue, keeper):
        self._context = context
        self._journal = context.journal
        self._queue = queue
        self._keeper = keeper
        self._missed = None  # what gives the backlog, while there is one
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
        if self._missed is None:
            from evencell.forward.backlog_influx import Missed

            self._missed = Missed(self._journal)
        lines = self._missed.lines(self._context.config["influx"]["measurement"], self._context.device_id)
        if lines:
            await store(lines)
            self._missed.stored()
        else:
            self._missed, self.is_behind = None, False
            forget("evencell.forward.backlog_influx", "evencell.forward.journal_reading")
            self._journal.let_go()
