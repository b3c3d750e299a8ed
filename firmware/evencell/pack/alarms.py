"""Alarms that a single reading shows, as bits; each name stands at its bit's number."""

from evencell.compat import const
from evencell.protocol.jk_balancer import OVERVOLTAGE_BIT, WIRE_RESISTANCE_BIT

ALARMS = ("cell_count", "wire_resistance", "overvoltage", "cell_voltage", "temperature")
CELL_COUNT = const(1)
WIRE_RESISTANCE = const(2)
OVERVOLTAGE = const(4)
CELL_VOLTAGE = const(8)
TEMPERATURE = const(16)

# What the JK-B2A4S measures and stands (manual V2.1).
_LOWEST_CELL_MV = const(1000)
_HIGHEST_CELL_MV = const(5000)
_COLDEST_DC = const(-200)
_HOTTEST_DC = const(700)

# Pack voltage and cells are not measured at the same instant. Recordings at rest differ by 6 mV at most; a rider's
# throttle moves a pack by a few percent between the two.
_SUM_TOLERANCE_PERCENT = const(5)


def alarms_of(status, scale) -> int:
    """Alarm bits of a derived reading. `scale` knows what its raw temperature may mean."""
    alarms = 0
    if status.cells_detected != status.cells_configured:
        alarms |= CELL_COUNT
    if status.alarms_raw & WIRE_RESISTANCE_BIT:
        alarms |= WIRE_RESISTANCE
    if status.alarms_raw & OVERVOLTAGE_BIT:
        alarms |= OVERVOLTAGE
    if _cell_out_of_range(status) or _sum_disagrees(status):
        alarms |= CELL_VOLTAGE
    if scale.may_be_outside(status.temperature_raw, _COLDEST_DC, _HOTTEST_DC):
        alarms |= TEMPERATURE
    return alarms


def names_of(alarms: int) -> list[str]:
    """The names of alarm bits, in their order."""
    return [ALARMS[bit] for bit in range(len(ALARMS)) if alarms & (1 << bit)]


def _cell_out_of_range(status) -> bool:
    for cell in range(status.slots):
        voltage_mv = status.cells_mv[cell]
        if voltage_mv and not _LOWEST_CELL_MV <= voltage_mv <= _HIGHEST_CELL_MV:
            return True
    return False


def _sum_disagrees(status) -> bool:
    """The fault the manual calls "voltage collection error", which has no bit of its own."""
    if status.slots > max(status.cells_detected, status.cells_configured):
        return False  # slots filled beyond the cells there are (the maker's own example): their sum means nothing
    return abs(status.pack_mv - status.sum_mv) * 100 > status.sum_mv * _SUM_TOLERANCE_PERCENT
