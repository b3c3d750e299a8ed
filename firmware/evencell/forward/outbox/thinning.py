"""Thins out records on the flash (a lazy module): lowest, mean and highest of each minute, then of each hour."""

import struct

from evencell.compat import const
from evencell.forward.outbox.record import DATED, FORMAT, HIGHEST, HOUR, LOWEST, MEAN

_SPANS_S = (3600, 60)  # of the rings that are thinned into: store.py
_MAX_BATCH = const(16)
_VALUES = const(3)  # lowest, mean, highest: as many records need no more room as they are
# Indices of values in a record; measured are voltage, balance current, temperature and cells.
_TAG = const(1)
_RUN = const(2)
_TIME = const(3)
_ALARMS = const(9)
_CELLS = const(15)
_MEASURED = [5, 10, 14]


def thin(outbox, store, level: int, sequences):
    """Thin these records of the ring `level` out, into the ring before it; raises OSError."""
    ring, span_s = store.ring(level), _SPANS_S[level - 1]
    layout = "%s%dH" % (FORMAT, outbox.cells)
    record = bytearray(outbox.record_bytes)
    groups, thinned = {}, []
    written = unreadable = 0
    for sequence in sequences:
        if not ring.read_into(sequence, record):
            unreadable += 1
            continue
        values = struct.unpack(layout, record)
        group = groups.get(values[_TAG])
        if group and not group.accepts(values):
            thinned += group.records(layout, level)
        if group is None or not group.accepts(values):
            group = groups[values[_TAG]] = Group(values, span_s)
        group.add(values)
        if len(thinned) >= _MAX_BATCH:
            written += len(thinned)
            store.add(level - 1, thinned)
            thinned = []
    ring.close()
    for group in groups.values():
        thinned += group.records(layout, level)
    store.add(level - 1, thinned)
    fewer = len(sequences) - unreadable - written - len(thinned)
    outbox.count_lost(unreadable, fewer)
    if fewer:
        outbox.context.log.warning("journal: its oldest %d readings became values of %d s" % (len(sequences), span_s))


class Group:
    """Records of one pack, run and span of time. Measured values are combined, alarms joined, others the first's."""

    def __init__(self, values: tuple, span_s: int):
        self._first = values
        self._span_s = span_s
        self._alarms = self._means = 0
        self._count, self._records = 0, []  # the first ones
        self._lowest = self._highest = self._sums = None

    def accepts(self, values: tuple) -> bool:
        """Whether this record is of the same run and span, and dated alike."""
        first = self._first
        is_alike = values[0] & DATED == first[0] & DATED and values[_RUN] == first[_RUN]
        return is_alike and values[_TIME] // self._span_s == first[_TIME] // self._span_s

    def add(self, values: tuple):
        """Add a record: a reading, or one that stands for several already."""
        kind = values[0] & HIGHEST
        self._count += 1
        if self._count <= _VALUES:
            self._records.append(values)
        self._alarms |= values[_ALARMS]
        if kind in (0, LOWEST):
            self._lowest = [min(pair) for pair in zip(values, self._lowest or values)]
        if kind in (0, HIGHEST):
            self._highest = [max(pair) for pair in zip(values, self._highest or values)]
        if kind in (0, MEAN):
            self._means += 1
            self._sums = [sum(pair) for pair in zip(values, self._sums or [0] * len(values))]

    def records(self, layout: str, level: int) -> list:
        """Records of its lowest, mean and highest values, as far as known; up to three records stay as they are."""
        if self._count <= _VALUES:
            return [struct.pack(layout, *values) for values in self._records]
        means = [total // self._means for total in self._sums] if self._sums else None
        flags = self._first[0] & DATED | (HOUR if level == 1 else 0)
        kinds = (LOWEST, self._lowest), (MEAN, means), (HIGHEST, self._highest)
        return [struct.pack(layout, *self._values(flags | kind, values)) for kind, values in kinds if values]

    def _values(self, flags: int, measurements: list) -> list:
        values = list(self._first)
        for index in _MEASURED + list(range(_CELLS, len(values))):
            values[index] = measurements[index]
        values[0] = flags
        values[_TIME] -= values[_TIME] % self._span_s
        values[_ALARMS] = self._alarms
        return values
