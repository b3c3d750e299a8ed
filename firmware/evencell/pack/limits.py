"""Limits of cells by their chemistry, in one place, and what forbids to switch balancing on. Lazy."""

from evencell.compat import const
from evencell.pack.alarms import CELL_COUNT, WIRE_RESISTANCE

MAX_AGE_MS = const(10_000)  # of a reading that a decision is made from

# Of cells whose limits the owner gives, as NMC has them: how far below the highest voltage the top of the charge
# begins, and how far above the lowest one the pack is low.
_TOP_MV = const(150)
_LOW_MV = const(300)
_LOW_STEPS = const(3)  # between the voltage from which a cell counts as low and its lowest
# Assumed, after what data sheets usually print: lowest and highest voltage in mV; from where on a cell counts as at
# the top of its charge; below which the pack is low and the balancer is left off; temperatures for charging in °C.
CHEMISTRIES = {
    "lfp": (2500, 3650, 3400, 3000, 0, 45),
    "nmc": (3000, 4200, 4050, 3300, 0, 45),
    "lto": (1500, 2800, 2600, 2000, -20, 55),
}

# What forbids to switch balancing on, as the end of a sentence.
REASONS = {
    "old": "the last reading is older than %d s.",
    "no_cell": "the balancer reports no cell.",
    "cell_count": "%d cells are detected and %d configured.",
    "wire_resistance": "the balancer reports that a wire's resistance is too high.",
    "limits": "the voltage limits of %s cells are not known.",
    "cell": "cell %d has %d mV, and the limits of %s cells are %d to %d mV.",
}


def limits_of(chemistry: str, own: dict | None) -> tuple | None:
    """The limits of a pack, as in CHEMISTRIES; None where they are not known.

    `own`: `control.limits` of the configuration, whose values replace those of the chemistry. Those of other cells than
    CHEMISTRIES has are known once both voltages are given.
    """
    own = own or {}
    lowest_mv, highest_mv = own.get("cell_min_mv"), own.get("cell_max_mv")
    known = CHEMISTRIES.get(chemistry)
    if known is None:
        if lowest_mv is None or highest_mv is None:
            return None
        known = (lowest_mv, highest_mv, highest_mv - _TOP_MV, lowest_mv + _LOW_MV, None, None)
    return (
        lowest_mv or known[0],
        highest_mv or known[1],
        known[2],
        known[3],
        known[4] if own.get("charge_min_c") is None else own["charge_min_c"],
        known[5] if own.get("charge_max_c") is None else own["charge_max_c"],
    )


def low_limits(chemistry: str, own: dict | None) -> tuple[int, int]:
    """From which voltage in mV a cell is low, and how much lower each further level is (low_level.py).

    (0, 0) where the limits are not known. Never below the owner's own lowest voltage.
    """
    limits = limits_of(chemistry, own)
    if limits is None:
        return 0, 0
    low_mv = max(limits[0], limits[3])
    return low_mv, (low_mv - limits[0]) // _LOW_STEPS


def switch_on_reason(status, age_ms: int | None, chemistry: str, own: dict | None = None) -> str:
    """What forbids to switch balancing on, as the end of a sentence; empty if nothing does. `own`: see `limits_of`."""
    found = switch_on_refusal(status, age_ms, chemistry, own)
    return REASONS[found[0]] % found[1] if found else ""


def switch_on_refusal(status, age_ms: int | None, chemistry: str, own: dict | None = None) -> tuple | None:
    """The same as a key of REASONS, and the facts in it; None if nothing forbids it."""
    if age_ms is None or age_ms > MAX_AGE_MS:
        return "old", (MAX_AGE_MS // 1000,)
    if not status.slots:
        return "no_cell", ()
    if status.alarms & CELL_COUNT:
        return "cell_count", (status.cells_detected, status.cells_configured)
    if status.alarms & WIRE_RESISTANCE:
        return "wire_resistance", ()
    limits = limits_of(chemistry, own)
    if limits is None:
        return "limits", (chemistry,)
    lowest_mv, highest_mv = limits[:2]
    for cell in range(status.slots):
        if not lowest_mv <= status.cells_mv[cell] <= highest_mv:
            return "cell", (cell + 1, status.cells_mv[cell], chemistry, lowest_mv, highest_mv)
    return None
