"""Limits of cells by their chemistry, in one place, and what forbids to switch balancing on. Lazy."""

from evencell.compat import const
from evencell.pack.alarms import CELL_COUNT, WIRE_RESISTANCE

MAX_AGE_MS = const(10_000)  # of a reading that a decision is made from

# Assumed, after what data sheets usually print: lowest and highest voltage in mV; from where on a cell counts as at
# the top of its charge; below which the pack is low and the balancer is left off; temperatures for charging in °C.
CHEMISTRIES = {
    "lfp": (2500, 3650, 3400, 3000, 0, 45),
    "nmc": (3000, 4200, 4050, 3300, 0, 45),
    "lto": (1500, 2800, 2600, 2000, -20, 55),
}


def switch_on_reason(status, age_ms: int | None, chemistry: str) -> str:
    """What forbids to switch balancing on, as the end of a sentence; empty if nothing does."""
    if age_ms is None or age_ms > MAX_AGE_MS:
        return "the last reading is older than %d s." % (MAX_AGE_MS // 1000)
    if status.alarms & CELL_COUNT:
        return "%d cells are detected and %d configured." % (status.cells_detected, status.cells_configured)
    if status.alarms & WIRE_RESISTANCE:
        return "the balancer reports that a wire's resistance is too high."
    if chemistry not in CHEMISTRIES:
        return "the voltage limits of %s cells are not known." % chemistry
    lowest_mv, highest_mv = CHEMISTRIES[chemistry][:2]
    for cell in range(status.slots):
        if not lowest_mv <= status.cells_mv[cell] <= highest_mv:
            facts = (cell + 1, status.cells_mv[cell], chemistry, lowest_mv, highest_mv)
            return "cell %d has %d mV, and the limits of %s cells are %d to %d mV." % facts
    return ""
