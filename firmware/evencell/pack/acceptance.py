"""Plausibility of a decoded answer: the 8-bit checksum lets 1 of 256 damaged ones through (docs/line.md)."""

from evencell.compat import const
from evencell.protocol.jk_balancer import CELL_SLOTS

# Why an answer is implausible, as indices into published names (`doubted_…`); 0 is none.
REASONS = ("", "range", "slots", "sum", "average", "first", "settings", "alarms", "balance", "temperature", "step")
RANGE = const(1)
SLOTS = const(2)
SUM = const(3)
AVERAGE = const(4)
FIRST = const(5)
SETTINGS = const(6)
CHANGED_ALARMS = const(7)
BALANCE = const(8)
CHANGED_TEMPERATURE = const(9)
STEP = const(10)

# Real recordings keep these at rest: the pack voltage is within 9 mV of the sum, the average within 1 mV of the
# list's, though their summaries lag behind. Twice that and more is allowed before the request is repeated.
_SUM_TOLERANCE_MV = const(20)
_SUM_TOLERANCE_PER_CELL_MV = const(1)
_AVERAGE_TOLERANCE_MV = const(4)
_LAG_MV = const(4)
MIN_CONSISTENT = const(4)  # such answers in a row are accepted although they break the rules: the pack is like that

# A cell may move this far against the mean of all, and a quarter of what the mean itself moved: cells of different
# resistance sag differently. One damaged cell of two or more moves the mean too little to hide behind that.
_STEP_MV = const(7)
_STEP_PER_MEAN = const(4)
_MAX_STEP_MV = const(15)  # whatever the mean did: under a changing load damage could hide behind more
_CURRENT_STEP_MA = const(100)
_TEMPERATURE_STEP = const(20)

_MAX_READABLE_MV = const(6000)
_MAX_TRIGGER_MV = const(1000)
_MAX_BALANCE_MA = const(10_000)


def implausibility(new, accepted) -> int:
    """Why the derived reading `new` needs confirmation, or 0. `accepted` is the last reading, None at the start."""
    reason = _inconsistency(new)
    if reason or accepted is None:
        return reason or FIRST
    if not has_same_settings(new, accepted):
        return SETTINGS
    if not has_same_alarms(new, accepted):
        return CHANGED_ALARMS
    if not has_same_balancing(new, accepted):
        return BALANCE
    if abs(new.temperature_raw - accepted.temperature_raw) > _TEMPERATURE_STEP:
        return CHANGED_TEMPERATURE
    return 0 if has_same_cells(new, accepted) else STEP


def is_confirmed(new, unconfirmed) -> bool:
    """Whether two implausible answers in a row agree, so that they must be true."""
    return (
        has_same_settings(new, unconfirmed)
        and has_same_alarms(new, unconfirmed)
        and has_same_balancing(new, unconfirmed)
        and abs(new.temperature_raw - unconfirmed.temperature_raw) <= _TEMPERATURE_STEP
        and has_same_cells(new, unconfirmed)
        and has_same_pack_voltage(new, unconfirmed)
    )


def is_consistent(new) -> bool:
    """Whether the answer agrees with itself in all that it contains twice, but for the lag of real summaries."""
    if _inconsistency(new) or new.average_mv is None:
        return False
    cells_mv = new.cells_mv
    highest_mv = cells_mv[new.highest_cell - 1]
    lowest_mv = cells_mv[new.lowest_cell - 1]
    return (
        abs(new.frame_delta_mv - new.delta_mv) <= _LAG_MV
        and highest_mv - cells_mv[new.frame_highest_index] <= _LAG_MV
        and cells_mv[new.frame_lowest_index] - lowest_mv <= _LAG_MV
    )


def _inconsistency(new) -> int:
    """The reason that the answer alone gives, or 0."""
    if not is_in_range(new):
        return RANGE
    if new.slots > max(new.cells_detected, new.cells_configured):
        return SLOTS
    if abs(new.pack_mv - new.sum_mv) > _SUM_TOLERANCE_MV + _SUM_TOLERANCE_PER_CELL_MV * new.slots:
        return SUM
    if new.average_mv is not None and abs(new.frame_average_mv - new.average_mv) > _AVERAGE_TOLERANCE_MV:
        return AVERAGE
    return 0


def is_in_range(new) -> bool:
    """Whether every field is within what a known balancer sends; others need confirmation by a second answer."""
    if new.cells_detected > CELL_SLOTS or not 1 <= new.cells_configured <= CELL_SLOTS:
        return False
    if new.frame_highest_index >= CELL_SLOTS or new.frame_lowest_index >= CELL_SLOTS:
        return False
    if new.balancing_raw > 1 or not 1 <= new.trigger_mv <= _MAX_TRIGGER_MV:
        return False
    if not 1 <= new.max_balance_ma <= _MAX_BALANCE_MA or new.balance_ma > _MAX_BALANCE_MA:
        return False
    for cell in range(new.slots):
        if new.cells_mv[cell] > _MAX_READABLE_MV:
            return False
    return True


def has_same_settings(new, other) -> bool:
    """Whether the balancer's settings are the same."""
    return (
        new.cells_configured == other.cells_configured
        and new.trigger_mv == other.trigger_mv
        and new.max_balance_ma == other.max_balance_ma
        and new.balancing_raw == other.balancing_raw
    )


def has_same_alarms(new, other) -> bool:
    """Whether the inputs of the alarms, voltages aside, are the same."""
    return new.alarms_raw == other.alarms_raw and new.cells_detected == other.cells_detected


def has_same_balancing(new, other) -> bool:
    """Whether state and current are the same, within a tolerance. A changed sign is a step of twice the current."""
    step_ma = _signed_ma(new) - _signed_ma(other)
    return new.balance_raw == other.balance_raw and abs(step_ma) <= _CURRENT_STEP_MA


def _signed_ma(status) -> int:
    return -status.balance_ma if status.balance_is_negative else status.balance_ma


def has_same_pack_voltage(new, other) -> bool:
    """Whether pack voltage and sum differ alike: under a changing load they are of different instants."""
    moved_mv = abs(new.sum_mv - other.sum_mv)
    apart_mv = abs((new.pack_mv - new.sum_mv) - (other.pack_mv - other.sum_mv))
    return apart_mv <= _SUM_TOLERANCE_MV + _SUM_TOLERANCE_PER_CELL_MV * new.slots + moved_mv


def has_same_cells(new, other) -> bool:
    """Whether no cell moved against the mean of all, beyond the tolerance."""
    if new.slots != other.slots or (new.average_mv is None) != (other.average_mv is None):
        return False
    if new.average_mv is None:
        return True
    mean_step_mv = new.average_mv - other.average_mv
    allowed_mv = min(_STEP_MV + abs(mean_step_mv) // _STEP_PER_MEAN, _MAX_STEP_MV)
    for cell in range(new.slots):
        new_mv = new.cells_mv[cell]
        other_mv = other.cells_mv[cell]
        if (new_mv == 0) != (other_mv == 0):
            return False
        if new_mv and abs(new_mv - other_mv - mean_step_mv) > allowed_mv:
            return False
    return True
