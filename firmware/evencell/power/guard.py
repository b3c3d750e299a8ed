"""Protects a low pack: the device sleeps longer, then balancing is switched off, then the radio stays off."""

from evencell.compat import const

LONGER = const(1)
BALANCER_OFF = const(2)
RADIO_OFF = const(3)

LOW_STEPS = const(3)  # between the voltage from which a cell counts as low and its lowest (pack/limits.py)
_PACK_STEPS = const(16)  # the same for a configured voltage of the pack, as a share of it
_RECOVERED = const(32)  # a level is left where it would not be reached with a 32nd less


def level_of(status, pack_state, low_pack_mv: int, before: int) -> int:
    """0 for a pack that is not low, else up to RADIO_OFF.

    `low_pack_mv`: of the configuration, 0 for none. `before`: the level until now.
    """
    if not status.lowest_cell:
        return before
    cell_mv, pack_mv = status.cells_mv[status.lowest_cell - 1], status.pack_mv
    level = _level(pack_state, low_pack_mv, cell_mv, pack_mv)
    lower = _level(pack_state, low_pack_mv, cell_mv - cell_mv // _RECOVERED, pack_mv - pack_mv // _RECOVERED)
    return max(level, min(before, lower))


def _level(pack_state, low_pack_mv: int, cell_mv: int, pack_mv: int) -> int:
    return max(
        _reached(cell_mv, pack_state.low_mv, pack_state.low_step_mv),
        _reached(pack_mv, low_pack_mv, low_pack_mv // _PACK_STEPS),
    )


def _reached(value_mv: int, low_mv: int, step_mv: int) -> int:
    """How many of three voltages, `step_mv` apart, the value does not exceed."""
    level = 0
    while level < RADIO_OFF and value_mv <= low_mv - level * step_mv:
        level += 1
    return level
