"""Reads and dates the records of a pack, the oldest first. Loaded on demand."""

from evencell.history.recorder import START, row_at
from evencell.history.store import unix_s, uptime_s


class RecordReader:
    """The records that one ring holds now, then `more`, which are not in it yet; each with `rows` rows.

    One of `more` may still grow; once it is cleared for the next 15 minutes, it counts as damaged. `buffer` is read
    into. `start`: number of this start of the device. Times are UNIX seconds, or uptime while the time is unknown.
    """

    def __init__(self, ring, buffer, rows: int, more: list, start: int, clock):
        self._ring = ring
        self._first = ring.first
        self._kept = ring.next - ring.first
        self._buffer = buffer
        self.rows = rows
        self.cells = (len(buffer) - row_at(0, 0)) // (row_at(rows, 1) - row_at(0, 0))
        self._more = more
        self._begins_s = [uptime_s(record) for record in more]
        self._start = start
        self._clock = clock
        self._has_time = clock.unix_s() is not None
        self._found = None, None  # a start of the device, and its UNIX time at uptime 0
        self.count = self._kept + len(more)

    def read(self, number: int):
        """The record of this number, valid until the next call; None if it is damaged or gone."""
        if number >= self._kept:
            record = self._more[number - self._kept]
            return record if uptime_s(record) == self._begins_s[number - self._kept] else None
        return self._buffer if self._ring.read_into(self._first + number, self._buffer) else None

    def dated(self, number: int) -> tuple:
        """The record of this number, or None, and the time of its beginning, or None if that is unknown.

        Records of this start of the device are dated by the clock, earlier ones by what was known in their start.
        """
        record = self.read(number)
        if not record:
            return None, None
        began_s = uptime_s(record)
        if record[START] == self._start:
            return record, self._clock.unix_s_at(1000 * began_s) if self._has_time else began_s
        if not self._has_time:
            return record, None
        if unix_s(record):
            return record, unix_s(record)
        if self._found[0] != record[START]:
            self._found = record[START], self._find(number, record[START])
            record = self.read(number)
        offset_s = self._found[1]
        return record, None if offset_s is None else offset_s + began_s

    def _find(self, number: int, start: int):
        """UNIX time at uptime 0 of that start, from the next of its records that had the time."""
        for later in range(number + 1, self.count):
            record = self.read(later)
            if record and record[START] != start:
                break
            if record and unix_s(record):
                return unix_s(record) - uptime_s(record)
        return None
