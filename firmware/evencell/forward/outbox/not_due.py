"""Records of readings that are not due, for a sink that gets every reading: loaded where there is such a sink."""

from evencell.forward.outbox.outbox import INFLUX
from evencell.forward.outbox.record import NOT_DUE, RECORDS_AT


class NotDue:
    """Chooses such readings, one of each second, and discards their records where due ones need the room.

    `skipped` counts those that the sink then lacks.
    """

    def __init__(self):
        self.skipped = 0
        self._kept_s = {}  # by pack, the time of the newest reading

    def is_wanted(self, pack, clock) -> bool:
        """Whether the accepted reading has a time, and is the first of its second."""
        time_s = clock.unix_s_at(pack.read_ms) if pack.sequence else None
        if time_s in (None, self._kept_s.get(pack)):
            return False
        self._kept_s[pack] = time_s
        return True

    def count(self, records, record_bytes: int, newest: int) -> int:
        """How many of the newest records, so many of them, are not due."""
        begin = len(records) - newest * record_bytes
        return sum([records[at] & NOT_DUE > 0 for at in range(begin, len(records), record_bytes)])

    def discard(self, records, record_bytes: int, first: int, cursors: tuple, limit: int) -> int:
        """Discard the records that the sink has, then others too while what is left takes more than `limit` bytes.

        The remaining ones move to the end of `records`; so do the cursors, lists by sink, that no record is skipped.
        Returns the number of the first that remains; `first` is that of the first before.
        """
        end = first + len(records) // record_bytes
        acknowledged = cursors[0][INFLUX]
        begin = self._compact(records, record_bytes, first, cursors, acknowledged)
        if RECORDS_AT + (end - begin) * record_bytes > limit:
            begin = self._compact(records, record_bytes, first, cursors, end)
        self.skipped += cursors[0][INFLUX] - acknowledged
        return begin

    def _compact(self, records, record_bytes: int, first: int, cursors: tuple, limit: int) -> int:
        """Move the due records, and those from number `limit` on, to the end; returns the number of the first."""
        target = first + len(records) // record_bytes
        for number in range(target - 1, first - 1, -1):
            at = (number - first) * record_bytes
            if number >= limit or not records[at] & NOT_DUE:
                target -= 1
                to = (target - first) * record_bytes
                records[to : to + record_bytes] = records[at : at + record_bytes]
            for positions in cursors:
                for sink, position in enumerate(positions):
                    if position == number:
                        positions[sink] = target
        return target
