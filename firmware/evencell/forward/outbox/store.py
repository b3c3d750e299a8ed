"""Records of the outbox on the flash, in three record rings (a lazy module, loaded while something waits there).

`all` has every reading that was due. What must make room before each sink has it goes on as minimum, mean and maximum
of each minute in `minutes`, from there as those of each hour in `hours`, and is dropped from there.
"""

from evencell.compat import const
from evencell.forward.outbox.outbox import INFLUX, MQTT, OWNER, SWITCHED_OFF
from evencell.forward.outbox.record import FEW_CELLS, HEAD_BYTES
from evencell.forward.outbox.recovery import folder
from evencell.runtime.lazy import call
from evencell.storage.paths import exists, is_folder
from evencell.storage.record_ring import RecordRing

_SEGMENT_BYTES = const(4096)  # a block of the flash
_CRC_BYTES = const(4)

# The record rings, the oldest readings first, and the share of `max_kib` of each, in quarters.
_RINGS = (("hours", 1), ("minutes", 1), ("all", 2))
_HOURS = const(0)
_ALL = const(2)


class Store:
    """Records with room for so many `cells`. Each sink has a delivery cursor in each ring; what all have is discarded.

    The oldest ring that has something for a sink is read first. A ring is made when it is first needed. Records with
    less room are from before a pack showed more cells: they are delivered first, and none is added.
    """

    def __init__(self, outbox, cells: int):
        self._outbox = outbox
        self._folder = folder(outbox.context.board.storage, cells)
        self._bytes = HEAD_BYTES + 2 * cells
        self._per_segment = _SEGMENT_BYTES // (self._bytes + _CRC_BYTES)
        self._rings: list = [None, None, None]
        self._faults = outbox.context.storage_faults
        self._is_dirty = False  # something could not be written: not unloaded before the flash takes the cursors
        for level, (name, _share) in enumerate(_RINGS):
            if exists(self._folder + "/" + name):
                try:
                    self.ring(level)
                except OSError as error:
                    self._faults.failed(OWNER, error)
        has_older = cells > FEW_CELLS and exists(folder(outbox.context.board.storage, FEW_CELLS))
        self._older = Store(outbox, FEW_CELLS) if has_older else None

    def ring(self, level: int) -> RecordRing:
        """The ring of this level; raises OSError."""
        if self._rings[level] is None:
            path = self._folder + "/" + _RINGS[level][0]
            if not is_folder(self._folder):
                call("evencell.storage.state_file", "make_folder", self._faults, self._folder)
            self._rings[level] = RecordRing(path, self._bytes, self._per_segment, self._segments(level), self._faults)
        return self._rings[level]

    def waiting(self, sink: int) -> int:
        """How many records wait for this sink."""
        older = self._older.waiting(sink) if self._older else 0
        return older + sum([ring.next - self._cursor(ring, sink) for ring in self._rings if ring])

    def bytes(self) -> int:
        """How much of the flash the records take that some sink lacks."""
        older = self._older.bytes() if self._older else 0
        size = self._bytes + _CRC_BYTES
        return older + sum([size * (ring.next - min(self._cursors(ring))) for ring in self._rings if ring])

    def append(self, records, first: int, acknowledged: list) -> int:
        """Write records with the numbers from `first` on; returns the number of the first that was not written.

        Each sink has the records before its number in `acknowledged`.
        """
        ring, end = None, 0
        try:
            self._make_room(_ALL, len(records) // self._bytes)
            ring = self.ring(_ALL)
            cursors, end = self._cursors(ring), ring.next
            ring.append(records)
        except OSError as error:
            self._is_dirty = True
            self._faults.failed(OWNER, error)
            return first + ring.next - end if ring else first
        if any(self._is_on(sink) and acknowledged[sink] > first for sink in (MQTT, INFLUX)):
            for sink in (MQTT, INFLUX):
                if self._is_on(sink) and cursors[sink] == end:
                    cursors[sink] += acknowledged[sink] - first
            self._move_cursors(ring, cursors)
        else:
            self._faults.worked(OWNER)
        return first + ring.next - end

    def batch(self, sink: int, max_records: int) -> tuple:
        """The oldest records for this sink, and the arguments with which `acknowledge` is called for them.

        A damaged record is None.
        """
        if self._older and self._older.waiting(sink):
            return self._older.batch(sink, max_records)
        for ring in self._rings:
            cursor = self._cursor(ring, sink) if ring else 0
            if ring and cursor < ring.next:
                records = []
                for sequence in range(cursor, min(cursor + max_records, ring.next)):
                    record = bytearray(self._bytes)
                    records.append(record if ring.read_into(sequence, record) else None)
                ring.close()
                return records, (ring, cursor, len(records))
        return [], ()

    def acknowledge(self, sink: int, ring: RecordRing, cursor: int, count: int):
        """The sink has so many records from `cursor` on, unless they were thinned out meanwhile."""
        cursors = self._cursors(ring)
        if cursors[sink] == cursor:
            cursors[sink] = cursor + count
            self._move_cursors(ring, cursors)

    def is_settled(self) -> bool:
        """Whether the flash holds the delivery cursors: another Store would not deliver again what is acknowledged."""
        if self._is_dirty and self._faults.may_retry(OWNER):
            self._is_dirty = False
            try:
                self.ring(_ALL)
                for ring in self._rings:
                    if ring:
                        self._move_cursors(ring, self._cursors(ring))
            except OSError as error:
                self._is_dirty = True
                self._faults.failed(OWNER, error)
        return not self._is_dirty and (self._older is None or self._older.is_settled())

    def _move_cursors(self, ring: RecordRing, cursors: list):
        error = ring.move_cursors(*cursors)
        if error:
            self._is_dirty = True
            self._faults.failed(OWNER, error)
        else:
            self._faults.worked(OWNER)

    def add(self, level: int, records: list):
        """Append thinned records to the ring of this level; raises OSError."""
        self._make_room(level, len(records))
        self.ring(level).append(b"".join(records))

    def _make_room(self, level: int, count: int):
        """Thin out or drop the records that so many more would overwrite before each sink has them; raises OSError."""
        ring, outbox = self.ring(level), self._outbox
        cursors = self._cursors(ring)
        begin = min(cursors)
        end = ((ring.next + count - 1) // self._per_segment - self._segments(level) + 1) * self._per_segment
        if begin >= end:
            return
        if level == _HOURS:
            outbox.count_lost(end - begin)
            outbox.context.log.warning("journal: full; the oldest %d values are dropped" % (end - begin))
            ring.skip_to(end)  # or they would be counted again, should the next write fail
            return
        try:
            call("evencell.forward.outbox.thinning", "thin", outbox, self, level, range(begin, end))
        except OSError as error:  # rather than keep all of them and none that is newer
            self._faults.failed(OWNER, error)
            outbox.count_lost(end - begin)
            self._move_cursors(ring, [max(cursor, end) for cursor in cursors])
            return
        below = self.ring(level - 1)
        cursors_below = [below.next if cursors[i] >= end else old for i, old in enumerate(self._cursors(below))]
        self._move_cursors(below, cursors_below)

    def _segments(self, level: int) -> int:
        kib = self._outbox.context.config["journal"]["max_kib"]
        return kib * 1024 * _RINGS[level][1] // (4 * _SEGMENT_BYTES)

    def _cursors(self, ring: RecordRing) -> list:
        return [self._cursor(ring, sink) for sink in (MQTT, INFLUX)]

    def _cursor(self, ring: RecordRing, sink: int) -> int:
        if not self._is_on(sink):
            return ring.next
        return max(ring.first, ring.cursors[sink]) if len(ring.cursors) > sink else ring.first

    def _is_on(self, sink: int) -> bool:
        return self._outbox.acknowledged[sink] < SWITCHED_OFF
