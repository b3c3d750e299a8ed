"""A walk through the records of a pack's history: when each was, and one value of each row after the other.

In memory only while it is needed.
"""

from array import array

from evencell.pack.history import START
from evencell.pack.history_store import row_at, unix_s, uptime_s


class Walk:
    """The records of one ring as they are now, and then `more`, which aren't in it yet; each with so many rows.

    One of `more` may still grow; once it begins anew, its values are no longer those of this walk. `buffer` is read
    into. Times are UNIX seconds, or seconds of uptime while there is no time at all.
    """

    def __init__(self, ring, buffer, rows: int, more: list, start: int, clock):
        self._ring = ring
        self._first = ring.first
        self._kept = ring.next - ring.first
        self._buffer = buffer
        self._rows = rows
        self._cells = (len(buffer) - row_at(0, 0)) // (row_at(rows, 1) - row_at(0, 0))
        self._more = more
        self._began_s = [uptime_s(record) for record in more]
        self._start = start  # this one of the device
        self._clock = clock
        self._has_time = clock.unix_s() is not None
        self._found = None, None  # a start of the device whose record had no time, and its UNIX time at uptime 0
        self.count = self._kept + len(more)
        self._shown = None  # of each record, a bit for each row, once `times` was called

    def read(self, number: int):
        """The record of this number, until the next is read; None where it is damaged or gone."""
        if number >= self._kept:
            record = self._more[number - self._kept]
            return record if uptime_s(record) == self._began_s[number - self._kept] else None
        return self._buffer if self._ring.read_into(self._first + number, self._buffer) else None

    def dated(self, number: int) -> tuple:
        """The record of this number, or None, and when it began, or None where nobody knows.

        In this start of the device that is what the clock knows today; in an earlier one, what it knew then, or later.
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

    def times(self, since_s: int, until_s: int, step_s: int):
        """Generates the column of times as text, record by record: values with commas.

        Rows in which nothing was read, and those whose time nobody knows, are in no column.
        """
        separator = ""
        self._shown = array("H", bytes(2 * self.count)) if self._rows > 8 else bytearray(self.count)
        for number in range(self.count):
            record, start_s = self.dated(number)
            times = []
            for row in range(self._rows):
                at_s = (start_s or 0) + row * step_s
                if start_s is not None and since_s <= at_s <= until_s and self._is_filled(record, row):
                    self._shown[number] |= 1 << row
                    times.append(str(at_s))
            yield separator + ",".join(times) if times else ""
            separator = "," if times else separator

    def column(self, cell: int, kind: int):
        """Generates the same of a cell's minimum (kind 0), maximum (1) or mean (2, with tenths), after `times`."""
        separator = ""
        at, width = row_at(0, self._cells) + 3 * cell + kind, 3 * self._cells
        for number in range(self.count):
            shown = self._shown[number]  # pyright: ignore[reportOptionalSubscript] (after `times`)
            if not shown:
                continue
            record = self.read(number)
            rows = [row for row in range(self._rows) if shown >> row & 1]
            values = [0] * len(rows)
            if record:
                values = [record[at + row * width] for row in rows]
            yield separator + _listed(values, kind)
            separator = ","

    def _is_filled(self, record, row: int) -> bool:
        at = row_at(row, self._cells)
        return any(record[at + 3 * cell] for cell in range(self._cells))


def _listed(values: list, kind: int) -> str:
    """Values with commas, tenths with a point where they are means; 0 is null."""
    if 0 in values:
        return ",".join([_listed([value], kind) if value else "null" for value in values])
    # One text for all of them: a text for each took most of the time, for the collections of garbage that it led to.
    if kind == 2:
        return (",%d.%d" * len(values))[1:] % tuple([part for value in values for part in divmod(value, 10)])
    return (",%d" * len(values))[1:] % tuple(values)
