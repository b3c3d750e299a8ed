"""How low a pack is: the device reads it less often, then balancing is switched off, then the radio."""

from evencell.compat import const

LONGER = const(1)
BALANCER_OFF = const(2)
RADIO_OFF = const(3)

_PACK_STEPS = const(16)  # the same for a configured voltage of the pack, as a share of it
_RECOVERED = const(32)  # a level is left where it would not be reached with a 32nd less


def level_of(status, low_mv: int, low_step_mv: int, low_pack_mv: int, before: int) -> int:
    """0 for a pack that is not low, else up to RADIO_OFF.

    `low_mv`, `low_step_mv`: of a cell (limits.py, `low_limits`). `low_pack_mv`: of the configuration, 0 for
    none. `before`: the level until now.
    """
    if not status.lowest_cell:
        return before
    cell_mv, pack_mv = status.cells_mv[status.lowest_cell - 1], status.pack_mv
    level = _level((low_mv, low_step_mv, low_pack_mv), cell_mv, pack_mv)
    lower = _level((low_mv, low_step_mv, low_pack_mv), cell_mv - cell_mv // _RECOVERED, pack_mv - pack_mv // _RECOVERED)
    return max(level, min(before, lower))


def _level(limits: tuple, cell_mv: int, pack_mv: int) -> int:
    low_mv, low_step_mv, low_pack_mv = limits
    return max(
        _reached(cell_mv, low_mv, low_step_mv),
        _reached(pack_mv, low_pack_mv, low_pack_mv // _PACK_STEPS),
    )


def _reached(value_mv: int, low_mv: int, step_mv: int) -> int:
    """How many of three voltages, `step_mv` apart, the value does not exceed; none where `low_mv` is 0."""
    level = 0
    while low_mv and level < RADIO_OFF and value_mv <= low_mv - level * step_mv:
        level += 1
    return level
