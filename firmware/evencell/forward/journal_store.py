"""What of the journal is on the flash: three rings of files (in memory only while something waits there).

`all` has every reading. What it must give up before everybody has it goes on as minimum, mean and maximum of each
minute in `minutes`; what that must give up, as those of each hour in `hours`; what that must give up is dropped.
"""

import os

from evencell.compat import const
from evencell.forward.journal import INFLUX, MQTT
from evencell.forward.journal_record import FEW_CELLS, HEAD_BYTES
from evencell.system.files import exists
from evencell.system.on_demand import call
from evencell.system.ring import Ring

_SEGMENT_BYTES = const(4096)  # a block of the flash
_CRC_BYTES = const(4)

# The rings, the oldest readings first, and the share of `max_kib` that each may take, in quarters.
_RINGS = (("hours", 1), ("minutes", 1), ("all", 2))
_HOURS = const(0)
_ALL = const(2)


class Store:
    """Records by taker: each has a cursor of its own in each ring, and what all have taken goes.

    The oldest ring that has something for a taker is read first. A ring is made when it is first needed. Records have
    room for so many `cells`. Those with less room are from before a pack showed more: they go first, and none is added.
    """

    def __init__(self, journal, cells: int):
        self._journal = journal
        self._folder = journal.folder(cells)
        self._bytes = HEAD_BYTES + 2 * cells
        self._places = _SEGMENT_BYTES // (self._bytes + _CRC_BYTES)
        self._rings: list = [None, None, None]
        for level, (name, _share) in enumerate(_RINGS):
            if exists(self._folder + "/" + name):
                self.ring(level)
        has_older = cells > FEW_CELLS and exists(journal.folder(FEW_CELLS))
        self._older = Store(journal, FEW_CELLS) if has_older else None

    def ring(self, level: int) -> Ring:
        """The ring of this level."""
        if self._rings[level] is None:
            if not exists(self._folder):
                os.mkdir(self._folder)
            folder = self._folder + "/" + _RINGS[level][0]
            self._rings[level] = Ring(folder, self._bytes, self._places, self._segments(level))
        return self._rings[level]

    def waiting(self, taker: int) -> int:
        """How many records this taker has yet to take."""
        older = self._older.waiting(taker) if self._older else 0
        return older + sum([ring.next - self._cursor(ring, taker) for ring in self._rings if ring])

    def bytes(self) -> int:
        """What waits for anybody takes so much of the flash."""
        older = self._older.bytes() if self._older else 0
        size = self._bytes + _CRC_BYTES
        return older + sum([size * (ring.next - min(self._cursors(ring))) for ring in self._rings if ring])

    def append(self, records, taken: list):
        """Keep records, of which each taker has `taken` already; raises OSError."""
        self._make_room(_ALL, len(records) // self._bytes)
        ring = self.ring(_ALL)
        cursors, end = self._cursors(ring), ring.next
        ring.append(records)
        if any(taken):
            ring.drop_before(*[cursor + (taken[i] if cursor == end else 0) for i, cursor in enumerate(cursors)])

    def batch(self, taker: int, most: int) -> tuple:
        """At most so many of the oldest records for this taker, and the place to name when they were taken.

        A damaged record is None.
        """
        if self._older and self._older.waiting(taker):
            return self._older.batch(taker, most)
        for ring in self._rings:
            cursor = self._cursor(ring, taker) if ring else 0
            if ring and cursor < ring.next:
                records = []
                for sequence in range(cursor, min(cursor + most, ring.next)):
                    record = bytearray(self._bytes)
                    records.append(record if ring.read_into(sequence, record) else None)
                ring.close()
                return records, (ring, cursor)
        return [], None

    def took(self, taker: int, place: tuple, count: int):
        """The taker has so many records from that place on, unless they were thinned out meanwhile."""
        ring, cursor = place
        cursors = self._cursors(ring)
        if cursors[taker] == cursor:
            cursors[taker] = cursor + count
            ring.drop_before(*cursors)

    def add(self, level: int, records: list):
        """Put what stands for several readings into the ring of this level."""
        self._make_room(level, len(records))
        self.ring(level).append(b"".join(records))

    def _make_room(self, level: int, count: int):
        """Thin out, or drop, what so many more records would push out before everybody has it."""
        ring, journal = self.ring(level), self._journal
        cursors = self._cursors(ring)
        begin = min(cursors)
        end = ((ring.next + count - 1) // self._places - self._segments(level) + 1) * self._places
        if begin >= end:
            return
        if level == _HOURS:
            journal.dropped += end - begin
            journal.context.log.warning("journal: full; the oldest %d values are dropped" % (end - begin))
            return
        call("evencell.forward.journal_thin", "thin", journal, self, level, range(begin, end))
        below = self.ring(level - 1)
        below.drop_before(*[below.next if cursors[i] >= end else old for i, old in enumerate(self._cursors(below))])

    def _segments(self, level: int) -> int:
        kib = self._journal.context.config["journal"]["max_kib"]
        return kib * 1024 * _RINGS[level][1] // (4 * _SEGMENT_BYTES)

    def _cursors(self, ring: Ring) -> list:
        return [self._cursor(ring, taker) for taker in (MQTT, INFLUX)]

    def _cursor(self, ring: Ring, taker: int) -> int:
        if not self._journal.takers[taker]:
            return ring.next
        return max(ring.first, ring.cursors[taker]) if len(ring.cursors) > taker else ring.first
