"""When a reading is worth a message: it differs from the last, or that is so long ago."""

from array import array

from evencell.compat import const, ticks_diff, ticks_ms
from evencell.pack.fields import FIELDS
from evencell.protocol.jk_balancer import CELL_SLOTS

_EARLY_MS = const(500)  # rather than a whole poll late: readings come at an interval of their own

# How far a field may move, in its own unit, before it is worth a message of its own; any other change is.
_DEADBANDS = {"voltage": 5, "cells": 5, "current": 100, "temperature": 5}
# What moves with the cells, and is not looked at apart.
_DERIVED = ("highest_cell", "lowest_cell", "temperature_raw")


class Sent:
    """What was last told about a pack, to see what has changed since. `is_pending`: a reading is due, not yet told."""

    __slots__ = ("_at_ms", "_cells_mv", "_sequence", "_values", "is_pending", "link", "pack", "verdict")

    def __init__(self, pack):
        self.pack = pack
        self.link = self.verdict = None
        self.is_pending = False
        self._values: dict = {}
        self._sequence = 0
        self._at_ms = 0
        self._cells_mv = array("H", bytes(2 * CELL_SLOTS))

    def forget(self):
        """A new connection starts with everything."""
        self.link = self.verdict = None
        self.is_pending = self.pack.sequence > 0

    def look(self, publish_s: int) -> bool:
        """Whether there is a new reading that differs, or that comes after the interval is over: then it is pending."""
        if self.pack.sequence == self._sequence:
            return False
        waited_ms = ticks_diff(ticks_ms(), self._at_ms)
        if self._values and waited_ms < 1000 * publish_s - _EARLY_MS and not self._differs():
            return False
        self._remember()
        return True

    def _remember(self):
        status = self.pack.accepted
        self._values = {name: getattr(status, name) for name, kind in FIELDS if kind != "cells"}
        for cell in range(CELL_SLOTS):
            self._cells_mv[cell] = status.cells_mv[cell]
        self._sequence = self.pack.sequence
        self._at_ms = ticks_ms()
        self.is_pending = True

    def _differs(self) -> bool:
        status = self.pack.accepted
        for cell in range(CELL_SLOTS):
            if abs(status.cells_mv[cell] - self._cells_mv[cell]) > _DEADBANDS["cells"]:
                return True
        for name, kind in FIELDS:
            if kind == "cells" or name in _DERIVED:
                continue
            if _moved(getattr(status, name), self._values[name], kind):
                return True
        return False


def _moved(now, before, kind: str) -> bool:
    deadband = _DEADBANDS.get(kind)
    if deadband is None or now is None or before is None:
        return now != before
    return abs(now - before) > deadband
