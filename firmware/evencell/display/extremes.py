"""Lowest and highest voltage of each cell since the last reset, kept across power cuts.

`extremes.json` is written when a value changed, every five minutes at most: 288 times per day at worst. It holds 20 to
40 bytes per pack and 10 to 12 per cell: at worst some 20 KB per day for a pack of 4 cells. Usually a few writes are
enough, because extremes are seldom exceeded.
"""

from array import array

from evencell.compat import const
from evencell.protocol.jk_balancer import CELL_SLOTS
from evencell.runtime.lazy import call
from evencell.storage.paths import exists

_STATE_FILE = "evencell.storage.state_file"
_PAUSE_MS = const(300_000)  # between two writes
_MIN_MV = const(1_000)  # a value outside is no cell voltage: a wire is disconnected
_MAX_MV = const(5_000)


class Extremes:
    """The extremes of every pack, by its name."""

    def __init__(self, context):
        self._hub = context.hub
        self._faults = context.storage_faults
        self._path = context.board.storage + "/extremes.json"
        self._packs = _read(self._path, self._faults)
        self._has_changed = False
        self._written_ms = None

    def of(self, pack) -> tuple:
        """Two arrays: the lowest and the highest in mV, by cell from 0 on; 0 without a reading."""
        found = self._packs.get(pack.name)
        if found is None:
            found = self._packs[pack.name] = _slots(()), _slots(())
        return found

    def update(self):
        """Compare with the latest readings; write changes if a write is due."""
        for pack in self._hub.packs:
            if pack.sequence:
                self._compare(pack.accepted, *self.of(pack))
        now_ms = self._hub.clock.uptime_ms()
        if self._has_changed and (self._written_ms is None or now_ms - self._written_ms >= _PAUSE_MS):
            self._written_ms = now_ms
            self._write()

    def reset(self):
        """Discard all extremes."""
        self._packs = {}
        self._has_changed = True
        self._written_ms = None

    def _compare(self, status, lowest_mv, highest_mv):
        for cell in range(status.slots):
            cell_mv = status.cells_mv[cell]
            if not _MIN_MV <= cell_mv <= _MAX_MV:
                continue
            if cell_mv < lowest_mv[cell] or not lowest_mv[cell]:
                lowest_mv[cell] = cell_mv
                self._has_changed = True
            if cell_mv > highest_mv[cell]:
                highest_mv[cell] = cell_mv
                self._has_changed = True

    def flush(self):
        """Write changes."""
        if self._has_changed:
            self._write()

    def _write(self):
        """Write the file; a failed write is retried in five minutes."""
        kept = {name: [_trimmed(mv) for mv in both] for name, both in self._packs.items()}
        self._has_changed = not call(_STATE_FILE, "save_json", self._faults, self._path, kept)


def _slots(values) -> array:
    """The values, padded with 0."""
    slots = array("H", bytes(2 * CELL_SLOTS))
    for cell, cell_mv in enumerate(values):
        slots[cell] = cell_mv
    return slots


def _trimmed(slots) -> list:
    """Without the zeros at the end."""
    count = CELL_SLOTS
    while count and not slots[count - 1]:
        count -= 1
    return list(slots[:count])


def _read(path: str, faults) -> dict:
    """Load the file; empty if it is missing or damaged."""
    kept = call(_STATE_FILE, "load_json", faults, path, "extremes") if exists(path) else None
    return {name: (_slots(lowest_mv), _slots(highest_mv)) for name, (lowest_mv, highest_mv) in (kept or {}).items()}
