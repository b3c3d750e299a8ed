"""The lowest and the highest that each cell has ever been, kept over power cuts.

`extremes.json` is written where something in it changed, every five minutes at most: 288 times a day at worst. It holds
20 to 40 bytes for each pack and 10 to 12 for each cell, so that is some 20 KB a day for one pack of 4 cells. Usually it
is a few times, and then never again: an extreme is seldom exceeded.
"""

import json
from array import array

from evencell.compat import const
from evencell.protocol.jk_balancer import CELL_SLOTS
from evencell.system.files import from_json, replace

_PAUSE_MS = const(300_000)  # between two writes
_LEAST_MV = const(1_000)  # no cell is lower or higher: a wire is off
_MOST_MV = const(5_000)


class Extremes:
    """Of every pack, by its name."""

    def __init__(self, context):
        self._hub = context.hub
        self._log = context.log
        self._path = context.board.storage + "/extremes.json"
        self._packs = _read(self._path)
        self._has_changed = False
        self._written_ms = None

    def of(self, pack) -> tuple:
        """Two arrays, the lowest and the highest in mV, by cell from 0 on; 0 where none was ever seen."""
        found = self._packs.get(pack.name)
        if found is None:
            found = self._packs[pack.name] = _slots(()), _slots(())
        return found

    def observe(self):
        """Take the latest readings into account, and write what changed, if that is due."""
        for pack in self._hub.packs:
            if pack.sequence:
                self._compare(pack.accepted, *self.of(pack))
        now_ms = self._hub.clock.uptime_ms()
        if self._has_changed and (self._written_ms is None or now_ms - self._written_ms >= _PAUSE_MS):
            self._written_ms = now_ms
            self._write()

    def forget(self):
        """Begin anew, with what is read next."""
        self._packs = {}
        self._has_changed = True
        self._written_ms = None

    def _compare(self, status, lowest_mv, highest_mv):
        for cell in range(status.slots):
            cell_mv = status.cells_mv[cell]
            if not _LEAST_MV <= cell_mv <= _MOST_MV:
                continue
            if cell_mv < lowest_mv[cell] or not lowest_mv[cell]:
                lowest_mv[cell] = cell_mv
                self._has_changed = True
            if cell_mv > highest_mv[cell]:
                highest_mv[cell] = cell_mv
                self._has_changed = True

    def _write(self):
        """What can't be written is tried again in five minutes."""
        try:
            replace(self._path, json.dumps({name: [_seen(mv) for mv in both] for name, both in self._packs.items()}))
            self._has_changed = False
        except OSError as error:
            self._log.warning("extremes.json can't be written: %s" % error)


def _slots(values) -> array:
    """The values, and 0 for each slot behind them."""
    slots = array("H", bytes(2 * CELL_SLOTS))
    for cell, cell_mv in enumerate(values):
        slots[cell] = cell_mv
    return slots


def _seen(slots) -> list:
    """Without the zeros at the end."""
    count = CELL_SLOTS
    while count and not slots[count - 1]:
        count -= 1
    return list(slots[:count])


def _read(path: str) -> dict:
    """What was kept; nothing where the file is damaged, for it can be found out again."""
    try:
        with open(path) as file:
            kept = from_json(file.read())
        return {name: (_slots(lowest_mv), _slots(highest_mv)) for name, (lowest_mv, highest_mv) in kept.items()}
    except (OSError, ValueError, TypeError, AttributeError, IndexError, OverflowError):
        return {}
