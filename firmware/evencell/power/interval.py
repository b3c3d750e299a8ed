"""How long to sleep: shorter near the cells' upper limit, longer while nothing changes, within configured bounds.

At the lower limit pack/low_level.py comes first: a low pack is read less often.
"""

from evencell.compat import const
from evencell.pack.alarms import OVERVOLTAGE, TEMPERATURE
from evencell.pack.low_level import LONGER
from evencell.pack.status import WAITING

_NEAR_MV = const(100)
_DEADBAND_MV = const(5)  # as of the change filter
_MAX_MISSES = const(3)


def next_interval_s(state, packs) -> int:
    """Seconds until the next reading. `packs`: pairs of a PackState and its pack (pack/pack.py)."""
    if state.level:
        return state.max_s << (state.level - LONGER)
    if any(not pack_state.misses and _is_near_limit(pack_state, pack.accepted) for pack_state, pack in packs):
        return state.min_s
    if all(_is_quiet(pack_state, pack) for pack_state, pack in packs):
        return min(state.max_s, 2 * max(state.interval_s, state.usual_s))
    return state.usual_s


def _is_near_limit(pack_state, status) -> bool:
    highest_mv = pack_state.highest_mv
    if status.alarms is None:  # a balancer that must not be switched on (supply.py)
        return False
    if status.alarms & (OVERVOLTAGE | TEMPERATURE):
        return True
    return bool(highest_mv and status.highest_cell) and status.cells_mv[status.highest_cell - 1] > highest_mv - _NEAR_MV


def _is_quiet(pack_state, pack) -> bool:
    """Whether the pack rests and its cells stayed within the deadband, or it has not answered for three wakes."""
    if pack_state.misses:
        return pack_state.misses >= _MAX_MISSES
    now, before = pack.accepted, pack.candidate  # the record of the reading before
    if now.balance_state != WAITING or before.slots != now.slots:
        return False
    return all(abs(now.cells_mv[cell] - before.cells_mv[cell]) <= _DEADBAND_MV for cell in range(now.slots))
