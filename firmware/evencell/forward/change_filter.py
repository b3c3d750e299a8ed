"""Change filter: a reading is due when it left the deadband of a field, or when the maximum interval is over."""

from array import array

from evencell.compat import const, ticks_diff, ticks_ms
from evencell.pack.fields import FIELDS
from evencell.protocol.jk_balancer import CELL_SLOTS

_EARLY_MS = const(500)  # rather than a whole poll late: readings come at an interval of their own

# Deadbands by kind of field, in its own unit. Any change of another kind is due.
_DEADBANDS = {"voltage": 5, "cells": 5, "current": 100, "temperature": 5}
# Derived from the cells or the temperature, so not compared.
_DERIVED = ("highest_cell", "lowest_cell", "temperature_raw")


class ChangeFilter:
    """Decides which readings of a pack are due. `is_pending`: the newest due reading is still to be published."""

    __slots__ = ("_cells_mv", "_due", "_due_ms", "_values", "is_pending", "pack")

    def __init__(self, pack):
        self.pack = pack
        self.is_pending = False
        self._values: dict = {}  # of the newest due reading
        self._cells_mv = array("H", bytes(2 * CELL_SLOTS))
        self._due = 0  # its sequence
        self._due_ms = 0

    def update(self, max_interval_s: int) -> bool:
        """Whether the accepted reading is newly due: it left a deadband, or came after the maximum interval."""
        if self.pack.sequence == self._due:
            return False
        waited_ms = ticks_diff(ticks_ms(), self._due_ms)
        if self._values and waited_ms < 1000 * max_interval_s - _EARLY_MS and not self._has_changed():
            return False
        status = self.pack.accepted
        self._values = {name: getattr(status, name) for name, kind in FIELDS if kind != "cells"}
        for cell in range(CELL_SLOTS):
            self._cells_mv[cell] = status.cells_mv[cell]
        self._due = self.pack.sequence
        self._due_ms = ticks_ms()
        self.is_pending = True
        return True

    def set_pending(self, is_pending: bool):
        """The newest reading is to be published again, or is being published."""
        self.is_pending = is_pending and self.pack.sequence > 0

    def _has_changed(self) -> bool:
        """Whether any field left its deadband."""
        status = self.pack.accepted
        for cell in range(CELL_SLOTS):
            if abs(status.cells_mv[cell] - self._cells_mv[cell]) > _DEADBANDS["cells"]:
                return True
        for name, kind in FIELDS:
            if kind == "cells" or name in _DERIVED:
                continue
            now, before, deadband = getattr(status, name), self._values[name], _DEADBANDS.get(kind)
            if now != before and (None in (deadband, now, before) or abs(now - before) > deadband):
                return True
        return False
