"""Creates, extends and removes the records of a pack on the flash (store.py). Loaded on demand."""

import os

from evencell.compat import const
from evencell.history.recorder import MINUTES, START, row_at
from evencell.history.store import (
    CRC_BYTES,
    DAY,
    MONTH,
    ROW_S,
    ROWS,
    SPAN_S,
    Store,
    folder_of,
    last_of,
    stamp,
    uptime_s,
)
from evencell.protocol.jk_balancer import CELL_SLOTS
from evencell.runtime.lazy import call
from evencell.storage.paths import exists, is_folder

_SPARE_BYTES = const(65_536)  # left free for configuration, crashes and a deploy


def open_store(root: str, name: str, cells: int, faults=None) -> tuple[int, int]:
    """Find or create a pack's store; returns its number of cells (`cells` or more) and the number of this start.

    A store for fewer cells is removed. With 0 cells none is created. Raises OSError. `faults` counts what is set aside.
    """
    if not is_folder(root):
        call("evencell.storage.state_file", "make_folder", faults, root)
    kept = _kept_cells(root, name)
    if kept and kept < cells:
        remove(folder_of(root, name, kept))
    cells = max(kept, cells)
    if not cells:
        return 0, 0
    folder = folder_of(root, name, cells)
    if not is_folder(folder):
        if exists(folder):
            call("evencell.storage.state_file", "set_aside", faults, folder, "it is no folder")
        _make(folder, cells)
    store = Store(folder, cells, faults)
    last = last_of(store.day, store.day_record)
    return cells, (last[START] + 1) % 65_536 if last else 0


def keep(root: str, name: str, cells: int, record, clock, faults=None) -> bool:
    """Append a record of 15 minutes, and those of two hours that it completes; returns True, or raises OSError."""
    stamp(record, clock)
    store = Store(folder_of(root, name, cells), cells, faults)
    store.day.append(bytes(record))
    # The first record of a start completes what the last start left.
    if uptime_s(record) < ROW_S or uptime_s(record) % SPAN_S == SPAN_S - ROW_S:
        from evencell.history.fold import pending

        for summary, is_complete in pending(store):
            if is_complete:
                store.month.append(bytes(summary))
    store.close()
    return True


def remove(folder: str):
    """Remove a pack's store."""
    for ring in ("/day", "/month"):
        if exists(folder + ring):
            for name in os.listdir(folder + ring):
                os.remove("%s%s/%s" % (folder, ring, name))
            os.rmdir(folder + ring)
    os.rmdir(folder)


def max_bytes(cells: int) -> int:
    """Size limit of a pack's files."""
    day, month = 2 * row_at(MINUTES, cells) + CRC_BYTES, 2 * row_at(ROWS, cells) + CRC_BYTES
    return DAY[0] * DAY[1] * day + MONTH[0] * MONTH[1] * month


def _kept_cells(root: str, name: str) -> int:
    """Number of cells of the pack's store; 0 if there is none."""
    for folder in os.listdir(root):
        pack, _, cells = folder.rpartition("-")
        if pack == name and cells.isdigit() and len(cells) <= 2 and 0 < int(cells) <= CELL_SLOTS:
            return int(cells)
    return 0


def _make(folder: str, cells: int):
    """Create the folder; raises OSError where a whole month would not fit."""
    free_bytes = _free_bytes(folder.rsplit("/", 1)[0])
    needed_bytes = max_bytes(cells) + _SPARE_BYTES
    if free_bytes < needed_bytes:
        raise OSError("%d KiB are free, %d are needed" % (free_bytes >> 10, needed_bytes >> 10))
    os.mkdir(folder)


def _free_bytes(folder: str) -> int:
    """Free bytes of the file system of this folder.

    A full littlefs may count more free blocks than it has: it counts some blocks twice, and the difference has no sign.
    """
    _, fragment_bytes, blocks, _, free = os.statvfs(folder)[:5]
    return fragment_bytes * free if free <= blocks else 0
