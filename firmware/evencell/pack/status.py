"""The status record of one pack. Which of it leaves the device: fields.py."""

from array import array

from evencell.compat import const
from evencell.protocol.jk_balancer import CELL_SLOTS, CHARGING_LOWEST, DISCHARGING_HIGHEST

# Balance states, as indices into their names (the manual's words).
WAITING = const(0)
DISCHARGING = const(1)
CHARGING = const(2)
BALANCE_STATES = ("waiting", "discharging_highest", "charging_lowest")


class Status:
    """One reading: the balancer's values (filled by the protocol), and derived ones (filled by `derive`).

    Integers in the units of their names. Cells are numbered from 1; an empty slot of `cells_mv` is 0. All is None
    until the first reading.
    """

    __slots__ = (
        "alarms",
        "alarms_raw",
        "average_mv",
        "balance_is_negative",
        "balance_ma",
        "balance_raw",
        "balance_state",
        "balancing_enabled",
        "balancing_raw",
        "cells_configured",
        "cells_connected",
        "cells_detected",
        "cells_mv",
        "delta_mv",
        "frame_average_mv",
        "frame_delta_mv",
        "frame_highest_index",
        "frame_lowest_index",
        "highest_cell",
        "lowest_cell",
        "max_balance_ma",
        "pack_mv",
        "slots",
        "sum_mv",
        "temperature_dc",
        "temperature_raw",
        "trigger_mv",
    )

    def __init__(self):
        for name in self.__slots__:
            setattr(self, name, None)
        self.cells_mv = array("H", bytes(2 * CELL_SLOTS))
        self.slots = 0

    def derive(self):
        """Compute the derived values of a frame just decoded, once.

        Highest, lowest, delta and average come from the cell list: the frame's own summary is of another instant. The
        balance current becomes a magnitude: its direction is the balance state.
        """
        self.slots = self._shown_slots()
        self._compare_cells()
        self.balance_state = balance_state(self.balance_raw)
        self.balance_is_negative = self.balance_ma < 0
        self.balance_ma = abs(self.balance_ma)
        self.balancing_enabled = self.balancing_raw != 0

    def _shown_slots(self) -> int:
        """Number of slots to show: every cell that is detected, configured or measured."""
        slots = max(self.cells_detected, self.cells_configured)
        for cell in range(slots, CELL_SLOTS):
            if self.cells_mv[cell]:
                slots = cell + 1
        return min(slots, CELL_SLOTS)

    def _compare_cells(self):
        cells_mv = self.cells_mv
        highest = lowest = -1
        connected = sum_mv = 0
        for cell in range(self.slots):
            voltage_mv = cells_mv[cell]
            if voltage_mv == 0:
                continue
            connected += 1
            sum_mv += voltage_mv
            if highest < 0 or voltage_mv > cells_mv[highest]:
                highest = cell
            if lowest < 0 or voltage_mv < cells_mv[lowest]:
                lowest = cell
        if connected == 0:
            self.highest_cell = self.lowest_cell = self.delta_mv = self.average_mv = None
        else:
            self.highest_cell = highest + 1
            self.lowest_cell = lowest + 1
            self.delta_mv = cells_mv[highest] - cells_mv[lowest]
            self.average_mv = sum_mv // connected
        self.cells_connected = connected
        self.sum_mv = sum_mv


def balance_state(raw: int) -> int:
    """Index into `BALANCE_STATES`. Both bits at once are undefined and count as waiting."""
    bits = raw & (CHARGING_LOWEST | DISCHARGING_HIGHEST)
    if bits == DISCHARGING_HIGHEST:
        return DISCHARGING
    if bits == CHARGING_LOWEST:
        return CHARGING
    return WAITING
