"""Ranges of what rules and conditions are about: whether a limit can be crossed, and crossed back. Lazy."""

from evencell.compat import const

_MAX_CELL_MV = const(5000)  # the balancer measures no more (manual V2.1)
_MAX_CELLS = const(24)
# Of the fields that are no voltage of cells: lowest and highest value.
_RANGES = {
    "pack_mv": (0, _MAX_CELLS * _MAX_CELL_MV),
    "temperature_c": (-40, 125),
    "balance_ma": (0, 10_000),
    "cells_detected": (0, _MAX_CELLS),
}
_BETWEEN = "for %s it must be between %g and %g, with this hysteresis: "
_NARROW = "for %s it must be below %g: "


def range_of(field: str) -> tuple:
    """The lowest and the highest value that a field may have."""
    return _RANGES.get(field, (0, _MAX_CELL_MV))


def misfit(item: dict, reached: tuple, ending: str, is_rule: bool) -> tuple | None:
    """The key and what is wrong with it, where `item` can never hold or never end; None if it can do both.

    `reached`: the values that its field has while it may hold. `ending`: of the sentence. A rule holds beyond its
    limits, a condition from them on.
    """
    field, slack = item["field"], item["hysteresis"]
    lowest, highest = range_of(field)
    if slack >= highest - lowest:
        return "hysteresis", _NARROW % (field, highest - lowest) + ending
    for key, first, last in (("above", lowest + slack, reached[1]), ("below", reached[0], highest - slack)):
        value = item[key]
        if value is None or first < value < last:
            continue
        if is_rule and value == (first if key == "above" else last):
            continue
        if first >= last:
            return "hysteresis", _NARROW % (field, highest - lowest) + ending
        return key, _BETWEEN % (field, first, last) + ending
    return None
