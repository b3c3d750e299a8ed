"""Whether a decoded answer may be published: a checksum of 8 bits lets 1 of 256 damaged ones through (docs/line.md)."""

from evencell.compat import const
from evencell.protocol.jk_balancer import CELL_SLOTS

# Reasons to doubt an answer, as indices into their names; 0 is none.
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
# list's, though their summaries lag behind. Twice that and more is allowed before anyone is asked again.
_SUM_TOLERANCE_MV = const(20)
_SUM_TOLERANCE_PER_CELL_MV = const(1)
_AVERAGE_TOLERANCE_MV = const(4)
_LAG_MV = const(4)
FLAWLESS_TO_BELIEVE = const(4)  # in a row, though they contradict each other: then the pack is like that

# A cell may move this far against the mean of all, and a quarter of what the mean itself moved: cells of different
# resistance sag differently. One damaged cell of two or more moves the mean too little to hide behind that.
_STEP_MV = const(7)
_STEP_PER_MEAN = const(4)
_LARGEST_STEP_MV = const(15)  # whatever the mean did: under a moving load damage could hide behind more
_CURRENT_STEP_MA = const(100)
_TEMPERATURE_STEP = const(20)

_HIGHEST_READABLE_MV = const(6000)
_HIGHEST_TRIGGER_MV = const(1000)
_HIGHEST_BALANCE_MA = const(10_000)


def doubt(new, accepted) -> int:
    """Why the derived reading `new` can't be published at once, or 0. `accepted` is the last one, None at the start."""
    reason = _doubt_itself(new)
    if reason or accepted is None:
        return reason or FIRST
    if not same_settings(new, accepted):
        return SETTINGS
    if not same_alarms(new, accepted):
        return CHANGED_ALARMS
    if not same_balancing(new, accepted):
        return BALANCE
    if abs(new.temperature_raw - accepted.temperature_raw) > _TEMPERATURE_STEP:
        return CHANGED_TEMPERATURE
    return 0 if same_cells(new, accepted) else STEP


def agree(new, doubted) -> bool:
    """Whether two doubtful answers in a row say the same, so that it must be true."""
    return (
        in_range(new)
        and same_settings(new, doubted)
        and same_alarms(new, doubted)
        and same_balancing(new, doubted)
        and abs(new.temperature_raw - doubted.temperature_raw) <= _TEMPERATURE_STEP
        and same_cells(new, doubted)
        and same_pack_voltage(new, doubted)
    )


def flawless(new) -> bool:
    """Whether the answer agrees with itself in everything it says twice, but for the lag of real summaries."""
    if _doubt_itself(new) or new.average_mv is None:
        return False
    cells_mv = new.cells_mv
    highest_mv = cells_mv[new.highest_cell - 1]
    lowest_mv = cells_mv[new.lowest_cell - 1]
    return (
        abs(new.frame_delta_mv - new.delta_mv) <= _LAG_MV
        and highest_mv - cells_mv[new.frame_highest_index] <= _LAG_MV
        and cells_mv[new.frame_lowest_index] - lowest_mv <= _LAG_MV
    )


def _doubt_itself(new) -> int:
    """What the answer alone gives away."""
    if not in_range(new):
        return RANGE
    if new.slots > max(new.cells_detected, new.cells_configured):
        return SLOTS
    if abs(new.pack_mv - new.sum_mv) > _SUM_TOLERANCE_MV + _SUM_TOLERANCE_PER_CELL_MV * new.slots:
        return SUM
    if new.average_mv is not None and abs(new.frame_average_mv - new.average_mv) > _AVERAGE_TOLERANCE_MV:
        return AVERAGE
    return 0


def in_range(new) -> bool:
    """Whether every field is one that some balancer could send."""
    if new.cells_detected > CELL_SLOTS or not 2 <= new.cells_configured <= CELL_SLOTS:
        return False
    if new.frame_highest_index >= CELL_SLOTS or new.frame_lowest_index >= CELL_SLOTS:
        return False
    if new.balancing_raw > 1 or not 1 <= new.trigger_mv <= _HIGHEST_TRIGGER_MV:
        return False
    if not 1 <= new.max_balance_ma <= _HIGHEST_BALANCE_MA or new.balance_ma > _HIGHEST_BALANCE_MA:
        return False
    return all_below(new.cells_mv, new.slots)


def all_below(cells_mv, slots: int) -> bool:
    """Whether no cell is higher than any lithium cell can be."""
    for cell in range(slots):
        if cells_mv[cell] > _HIGHEST_READABLE_MV:
            return False
    return True


def same_settings(new, other) -> bool:
    """Whether the balancer's settings are the same."""
    return (
        new.cells_configured == other.cells_configured
        and new.trigger_mv == other.trigger_mv
        and new.max_balance_ma == other.max_balance_ma
        and new.balancing_raw == other.balancing_raw
    )


def same_alarms(new, other) -> bool:
    """Whether what alarms rest on, beside the voltages, is the same."""
    return new.alarms_raw == other.alarms_raw and new.cells_detected == other.cells_detected


def same_balancing(new, other) -> bool:
    """Whether the balancer does the same, about as much."""
    return new.balance_raw == other.balance_raw and abs(new.balance_ma - other.balance_ma) <= _CURRENT_STEP_MA


def same_pack_voltage(new, other) -> bool:
    """Whether pack voltage and sum differ alike: under a moving load they are of different instants."""
    moved_mv = abs(new.sum_mv - other.sum_mv)
    apart_mv = abs((new.pack_mv - new.sum_mv) - (other.pack_mv - other.sum_mv))
    return apart_mv <= _SUM_TOLERANCE_MV + _SUM_TOLERANCE_PER_CELL_MV * new.slots + moved_mv


def same_cells(new, other) -> bool:
    """Whether each cell stands to the mean of all as it did."""
    if new.slots != other.slots or (new.average_mv is None) != (other.average_mv is None):
        return False
    if new.average_mv is None:
        return True
    mean_step_mv = new.average_mv - other.average_mv
    allowed_mv = min(_STEP_MV + abs(mean_step_mv) // _STEP_PER_MEAN, _LARGEST_STEP_MV)
    for cell in range(new.slots):
        new_mv = new.cells_mv[cell]
        other_mv = other.cells_mv[cell]
        if (new_mv == 0) != (other_mv == 0):
            return False
        if new_mv and abs(new_mv - other_mv - mean_step_mv) > allowed_mv:
            return False
    return True
