"""The records of `history` on the flash: those of 15 minutes for a day, those of two hours for a month.

A record of two hours is as one of `history`, with 8 rows of 15 minutes. Its element 7 has a bit for each row at rest,
and 8 the sequence (32 bits) of the first record of 15 minutes that is not in it. In memory only while needed.
"""

import os
from array import array

from evencell.compat import const
from evencell.pack.history import BALANCING_S, HEAD, MINUTES, OBSERVED_S, READINGS, START, length
from evencell.system.files import exists
from evencell.system.ring import Ring

ROWS = const(8)
REST_BITS = const(7)
_FOLLOWING = const(8)

_DAY = const(8), const(13)  # records in a file, files: 96 records at least
_MONTH = const(24), const(16)  # 360 at least
_CRC_BYTES = const(4)
_ROW_S = const(900)
_SPAN_S = const(7200)
_SPARE_BYTES = const(65_536)  # left free for configuration, crashes and a deploy
_LEAST_MINUTES = const(12)  # of 15, at rest
_REST_RANGE_MV = const(5)
_REST_CHANGE = const(10)  # 0.1 mV, from the first minute to the last


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
            if is_begun and not _is_part(summary, record):
                yield summary, True
                is_begun = False
            if not is_begun:
                is_begun = True
                _begin(summary, record)
            fold(summary, record, self._cells)
            put(summary, _FOLLOWING, sequence + 1)
        if is_begun:
            yield summary, uptime_s(record) % _SPAN_S == _SPAN_S - _ROW_S and record is not live


def fold(summary, record, cells: int):
    """Add 15 minutes to their two hours."""
    row = uptime_s(record) % _SPAN_S // _ROW_S
    if unix_s(record):
        put(summary, 2, unix_s(record) - row * _ROW_S)
    for i in (OBSERVED_S, BALANCING_S):
        summary[i] += record[i]
    for i in range(HEAD, HEAD + 4 * cells):
        summary[i] = min(summary[i] + record[i], 65_535)
    at = row_at(row, cells)
    for cell in range(cells):
        _fold_cell(summary, at + 3 * cell, record, cell, cells)
    if _is_rest(record, cells):
        summary[REST_BITS] |= 1 << row


def _begin(summary, record):
    for i in range(len(summary)):
        summary[i] = 0
    put(summary, 0, uptime_s(record) // _SPAN_S * _SPAN_S)
    summary[START] = record[START]


def _is_part(summary, record) -> bool:
    return summary[START] == record[START] and uptime_s(record) // _SPAN_S * _SPAN_S == uptime_s(summary)


def _fold_cell(summary, at: int, record, cell: int, cells: int):
    """Minimum and maximum of the minutes, and the mean of their means."""
    minutes = total = 0
    for minute in range(MINUTES):
        of = row_at(minute, cells) + 3 * cell
        if not record[of]:
            continue
        minutes += 1
        total += record[of + 2]
        if not summary[at] or record[of] < summary[at]:
            summary[at] = record[of]
        summary[at + 1] = max(summary[at + 1], record[of + 1])
    if minutes:
        summary[at + 2] = total // minutes


def _is_rest(record, cells: int) -> bool:
    """Whether nothing seems to have flowed: no balancing, and each cell stood still (docs/health.md)."""
    if record[BALANCING_S] or not record[READINGS]:
        return False
    for cell in range(cells):
        means = []
        lowest, highest = 65_535, 0
        for minute in range(MINUTES):
            of = row_at(minute, cells) + 3 * cell
            if record[of]:
                means.append(record[of + 2])
                lowest, highest = min(lowest, record[of]), max(highest, record[of + 1])
        if not means:
            continue  # no cell here
        is_still = highest - lowest <= _REST_RANGE_MV and abs(means[-1] - means[0]) <= _REST_CHANGE
        if len(means) < _LEAST_MINUTES or not is_still:
            return False
    return True


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
