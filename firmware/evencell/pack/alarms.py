"""Alarms of a reading, as bits in the order of danger; `ALARMS` has the name of each bit."""

from evencell.compat import const
from evencell.protocol.jk_balancer import OVERVOLTAGE_BIT, WIRE_RESISTANCE_BIT

ALARMS = ("overvoltage", "cell_voltage", "temperature", "wire_resistance", "cell_count")
OVERVOLTAGE = const(1)
CELL_VOLTAGE = const(2)
TEMPERATURE = const(4)
WIRE_RESISTANCE = const(8)
CELL_COUNT = const(16)

# Limits of the JK-B2A4S (manual V2.1).
_MIN_CELL_MV = const(1000)
_MAX_CELL_MV = const(5000)
MIN_DC = const(-200)
MAX_DC = const(700)

# Pack voltage and cells are not measured at the same instant. Recordings at rest differ by 6 mV at most; a rider's
# throttle moves a pack by a few percent between the two.
_SUM_TOLERANCE_PERCENT = const(5)


def alarms_of(status, scale) -> int:
    """Alarm bits of a derived reading, its temperature by `scale` (temperature.py)."""
    alarms = 0
    if status.alarms_raw & OVERVOLTAGE_BIT:
        alarms |= OVERVOLTAGE
    if _has_faulty_cell(status) or _sum_disagrees(status):
        alarms |= CELL_VOLTAGE
    if scale.is_outside(status.temperature_raw, MIN_DC, MAX_DC):
        alarms |= TEMPERATURE
    if status.alarms_raw & WIRE_RESISTANCE_BIT:
        alarms |= WIRE_RESISTANCE
    if status.cells_detected != status.cells_configured:
        alarms |= CELL_COUNT
    return alarms


def names_of(alarms: int) -> list[str]:
    """The names of alarm bits, the most dangerous first."""
    return [ALARMS[bit] for bit in range(len(ALARMS)) if alarms & (1 << bit)]


def cells_of(status, name: str) -> list[int]:
    """Numbers of the cells that an alarm is about; empty if no cell can be named.

    The balancer does not report which cell has an overvoltage: it is the highest one at least.
    """
    if name == "overvoltage":
        return [status.highest_cell] if status.highest_cell else []
    if name == "cell_voltage":
        return [cell + 1 for cell in range(status.slots) if _is_faulty(status, cell)]
    if name == "cell_count" and status.cells_detected < status.cells_configured:
        return [cell + 1 for cell in range(status.slots) if not (status.cells_mv[cell] or _is_faulty(status, cell))]
    return []


def _has_faulty_cell(status) -> bool:
    for cell in range(status.slots):
        if _is_faulty(status, cell):
            return True
    return False


def _is_faulty(status, cell: int) -> bool:
    """Whether a cell is outside the measuring range, or reads 0 though the balancer counts it."""
    voltage_mv = status.cells_mv[cell]
    if voltage_mv:
        return not _MIN_CELL_MV <= voltage_mv <= _MAX_CELL_MV
    return status.cells_connected < status.cells_detected > cell


def _sum_disagrees(status) -> bool:
    """Whether the manual's "voltage collection error" is there; it has no bit of its own."""
    if status.slots > max(status.cells_detected, status.cells_configured):
        return False  # slots filled beyond the cells there are (the maker's own example): their sum means nothing
    return abs(status.pack_mv - status.sum_mv) * 100 > status.sum_mv * _SUM_TOLERANCE_PERCENT
