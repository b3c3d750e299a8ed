"""Thins the journal out: of each minute, then of each hour, the lowest, the mean and the highest of every value.

In memory only while the flash is so full that it must be.
"""

import struct

from evencell.compat import const
from evencell.forward.journal_record import DATED, FORMAT, HIGHEST, HOUR, LOWEST, MEAN

_SPANS_S = (3600, 60)  # of the rings that are thinned into: journal_store.py
_AT_ONCE = const(16)
# Places in a record; measured are voltage, balance current, temperature and cells.
_TAG, _RUN, _TIME, _ALARMS, _CELLS = const(1), const(2), const(3), const(9), const(15)
_MEASURED = [5, 10, 14]


def thin(journal, store, level: int, sequences):
    """Put what stands for these records of the ring `level` into the ring before it."""
    ring, span_s = store.ring(level), _SPANS_S[level - 1]
    layout = "%s%dH" % (FORMAT, journal.cells)
    record = bytearray(journal.bytes)
    groups, thinned = {}, []
    written = 0
    for sequence in sequences:
        if not ring.read_into(sequence, record):
            journal.dropped += 1
            continue
        values = struct.unpack(layout, record)
        group = groups.get(values[_TAG])
        if group and not group.takes(values):
            thinned += group.records(layout, level)
        if group is None or not group.takes(values):
            group = groups[values[_TAG]] = Group(values, span_s)
        group.add(values)
        if len(thinned) >= _AT_ONCE:
            written += len(thinned)
            store.add(level - 1, thinned)
            thinned = []
    ring.close()
    for group in groups.values():
        thinned += group.records(layout, level)
    store.add(level - 1, thinned)
    journal.thinned += max(0, len(sequences) - written - len(thinned))  # two of a minute become three
    journal.context.log.warning("journal: its oldest %d readings became values of %d s" % (len(sequences), span_s))


class Group:
    """Records of one pack, one run and one span of time. What is not measured is the first one's; no alarm is lost."""

    def __init__(self, values: tuple, span_s: int):
        self._first = values
        self._span_s = span_s
        self._count = self._alarms = self._means = 0
        self._lowest = self._highest = self._sums = None

    def takes(self, values: tuple) -> bool:
        """Whether it is of the same run, dated alike, and of the same span."""
        first = self._first
        is_alike = values[0] & DATED == first[0] & DATED and values[_RUN] == first[_RUN]
        return is_alike and values[_TIME] // self._span_s == first[_TIME] // self._span_s

    def add(self, values: tuple):
        """One more: a reading, or what stands for several already."""
        kind = values[0] & HIGHEST
        self._count += 1
        self._alarms |= values[_ALARMS]
        if kind in (0, LOWEST):
            self._lowest = [min(pair) for pair in zip(values, self._lowest or values)]
        if kind in (0, HIGHEST):
            self._highest = [max(pair) for pair in zip(values, self._highest or values)]
        if kind in (0, MEAN):
            self._means += 1
            self._sums = [sum(pair) for pair in zip(values, self._sums or [0] * len(values))]

    def records(self, layout: str, level: int) -> list:
        """What is known of its lowest, mean and highest values, as records; one that is alone stays as it is."""
        if self._count == 1:
            return [struct.pack(layout, *self._first)]
        means = [total // self._means for total in self._sums] if self._sums else None
        flags = self._first[0] & DATED | (HOUR if level == 1 else 0)
        kinds = (LOWEST, self._lowest), (MEAN, means), (HIGHEST, self._highest)
        return [struct.pack(layout, *self._values(flags | kind, values)) for kind, values in kinds if values]

    def _values(self, flags: int, measurements: list) -> list:
        values = list(self._first)
        for place in _MEASURED + list(range(_CELLS, len(values))):
            values[place] = measurements[place]
        values[0] = flags
        values[_TIME] -= values[_TIME] % self._span_s
        values[_ALARMS] = self._alarms
        return values
