"""The records of `history` on the flash: those of 15 minutes for a day, those of two hours for a month.

A record of two hours is as one of `history`, with 8 rows of 15 minutes. Its element 7 has a bit for each row at rest,
and 8 the sequence (32 bits) of the first record of 15 minutes that is not in it. In memory only while needed.
"""

import os
from array import array

from evencell.compat import const
from evencell.pack.history import HEAD, MINUTES, START, length
from evencell.system.files import exists
from evencell.system.ring import Ring

ROWS = const(8)
REST_BITS = const(7)
_FOLLOWING = const(8)

_DAY = const(8), const(13)  # records in a file, files: 96 records at least
_MONTH = const(24), const(16)  # 360 at least
_CRC_BYTES = const(4)
ROW_S = const(900)
SPAN_S = const(7200)
_SPARE_BYTES = const(65_536)  # left free for configuration, crashes and a deploy


def open_store(root: str, name: str, cells: int) -> tuple[int, int]:
    """For how many cells there is room (those asked for, or more), and the number of this start; raises OSError.

    Fewer than now are wanted: what was kept is removed. Asked for 0, nothing is made where nothing is.
    """
    if not exists(root):
        os.mkdir(root)
    kept = _kept_cells(root, name)
    if kept and kept < cells:
        remove(folder_of(root, name, kept))
    cells = max(kept, cells)
    if not cells:
        return 0, 0
    folder = folder_of(root, name, cells)
    if not exists(folder):
        _make(folder, cells)
    store = Store(folder, cells)
    last = store.last_of(store.day, store.day_record)
    return cells, (last[START] + 1) % 65_536 if last else 0


def keep(root: str, name: str, cells: int, record, clock):
    """Append a record of 15 minutes, and those of two hours that are whole now; raises OSError."""
    stamp(record, clock)
    store = Store(folder_of(root, name, cells), cells)
    store.day.append(bytes(record))
    if uptime_s(record) < ROW_S or _ends_span(record):  # what the last start left, or what is whole now
        for summary, is_whole in store.pending():
            if is_whole:
                store.month.append(bytes(summary))
    store.close()


def remove(folder: str):
    """Remove the history in `folder`."""
    for ring in ("/day", "/month"):
        if exists(folder + ring):
            for name in os.listdir(folder + ring):
                os.remove("%s%s/%s" % (folder, ring, name))
            os.rmdir(folder + ring)
    os.rmdir(folder)


def folder_of(root: str, name: str, cells: int) -> str:
    """Where a pack's records are."""
    return "%s/%s-%d" % (root, name, cells)


def bytes_per_day(cells: int) -> int:
    """Bytes that are written in a day for one pack: 96 records of 15 minutes, 12 of two hours."""
    return 96 * (2 * length(MINUTES, cells) + _CRC_BYTES) + 12 * (2 * length(ROWS, cells) + _CRC_BYTES)


def needed_bytes(cells: int) -> int:
    """The most that the files of one pack take."""
    day, month = 2 * length(MINUTES, cells) + _CRC_BYTES, 2 * length(ROWS, cells) + _CRC_BYTES
    return _DAY[0] * _DAY[1] * day + _MONTH[0] * _MONTH[1] * month


def uptime_s(record) -> int:
    """Uptime at the record's beginning."""
    return record[0] | record[1] << 16


def unix_s(record) -> int:
    """UNIX time at the record's beginning, or 0."""
    return record[2] | record[3] << 16


def _ends_span(record) -> bool:
    """Whether the 15 minutes are the last of their two hours."""
    return uptime_s(record) % SPAN_S == SPAN_S - ROW_S


def put(record, at: int, value: int):
    """Write a value of 32 bits."""
    record[at] = value & 0xFFFF
    record[at + 1] = value >> 16


def stamp(record, clock):
    """Write into a record of 15 minutes when it began, as far as that is known today."""
    put(record, 2, clock.unix_s_at(1000 * uptime_s(record)) or 0)


def row_at(row: int, cells: int) -> int:
    """Where in a record the first cell's minimum of this row is."""
    return HEAD + cells * (4 + 3 * row)


class Store:
    """Both rings of one pack. `day_record` and `month_record` are buffers to read into."""

    def __init__(self, folder: str, cells: int):
        self._cells = cells
        self.day_record = array("H", bytes(2 * length(MINUTES, cells)))
        self.month_record = array("H", bytes(2 * length(ROWS, cells)))
        self.day = Ring(folder + "/day", 2 * len(self.day_record), *_DAY)
        self.month = Ring(folder + "/month", 2 * len(self.month_record), *_MONTH)

    def close(self):
        """Give back the files."""
        self.day.close()
        self.month.close()

    def last_of(self, ring: Ring, record):
        """`record` with the last one of this ring that is whole, or None."""
        for sequence in range(ring.next - 1, ring.first - 1, -1):
            if ring.read_into(sequence, record):
                return record
        return None

    def pending(self, live=None):
        """Generates what is not in the ring of the month yet: records of two hours, and whether each is whole.

        `live` is a record of 15 minutes that isn't kept yet. All are in one buffer: the next one overwrites the last.
        """
        from evencell.pack.history_fold import begin, fold, is_part

        day, record, summary = self.day, self.day_record, self.month_record
        last = self.last_of(self.month, summary)
        following = last[_FOLLOWING] | last[_FOLLOWING + 1] << 16 if last else 0
        if not day.first <= following <= day.next:
            following = day.first
        is_begun = False
        for sequence in range(following, day.next + (live is not None)):
            if sequence == day.next:
                record = live
            elif not day.read_into(sequence, record):
                continue
            if is_begun and not is_part(summary, record):
                yield summary, True
                is_begun = False
            if not is_begun:
                is_begun = True
                begin(summary, record)
            fold(summary, record, self._cells)
            put(summary, _FOLLOWING, sequence + 1)
        if is_begun:
            yield summary, _ends_span(record) and record is not live


def _kept_cells(root: str, name: str) -> int:
    """For how many cells this pack has a history; 0 where it has none."""
    for folder in os.listdir(root):
        pack, _, cells = folder.rpartition("-")
        if pack == name and cells.isdigit():
            return int(cells)
    return 0


def _make(folder: str, cells: int):
    """An empty history; raises OSError where the flash has no room for a whole month of it."""
    free = os.statvfs(folder.rsplit("/", 1)[0])
    free_bytes = free[1] * free[4]
    if free_bytes < needed_bytes(cells) + _SPARE_BYTES:
        raise OSError("%d KiB are free, %d are needed" % (free_bytes >> 10, needed_bytes(cells) + _SPARE_BYTES >> 10))
    os.mkdir(folder)
