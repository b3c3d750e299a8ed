"""Conditions of rules: whether one holds for a pack now (docs/rules.md). Lazy.

A condition returns bits: of the cells that it is about, all of them where it is about none; 0 where it does not hold;
None where that is not known, and the rule stays as it is.
"""

from evencell.compat import const
from evencell.control.trend import CHARGING, RESTING
from evencell.control.values import value_of
from evencell.pack.limits import limits_of
from evencell.pack.pack import ASLEEP, OFFLINE, ONLINE

NO_CELL = const(0x1000000)  # the condition holds, and is about no cell

# Numbers of the built-in rules, as in rule_state.py.
_CELL_HIGH = const(0)
_CHARGE_TEMPERATURE = const(2)
_NO_ANSWER = const(3)
_DELTA = const(4)
_DRIFT = const(5)

_CELL_SLACK_MV = const(20)
_TEMPERATURE_SLACK_DC = const(20)
# Assumed. By chemistry: average cell from and to which the curve is flat; the largest delta there at rest, in mV.
# Elsewhere, and while a current flows, a delta says less about the charge.
_FLAT = {"lfp": (3200, 3350, 30), "nmc": (3500, 3900, 50), "lto": (2200, 2450, 40)}
_STEEP_DELTA_MV = const(150)
_CLEARED_PERCENT = const(75)  # of the delta's limit


def holds(state, number: int, held: int) -> int | None:
    """Whether the built-in rule of this number holds; `held`: what it returned last, 0 if the rule is not raised."""
    pack = state.pack
    if number == _NO_ANSWER:
        return NO_CELL if pack.link == OFFLINE else 0 if pack.link in (ONLINE, ASLEEP) else None
    if pack.link != ONLINE:
        return None
    if number == _DRIFT:
        return state.drifting
    status = pack.accepted
    limits = limits_of(state.config["chemistry"], state.control["limits"])
    if number == _DELTA:
        return _has_large_delta(state, status, held)
    if number == _CHARGE_TEMPERATURE:
        return _charges_outside(state, status, limits, held)
    if limits is None:
        return 0
    if number == _CELL_HIGH:
        return _cells_beyond(status, limits[1], None, _CELL_SLACK_MV, held)
    return _cells_beyond(status, None, limits[0], _CELL_SLACK_MV, held)


def own_holds(state, rule: dict, held: int) -> int | None:
    """The same for one of the owner's rules."""
    if state.pack.link != ONLINE:
        return None
    status, field = state.pack.accepted, rule["field"]
    above, below, slack = rule["above"], rule["below"], rule["hysteresis"]
    if field == "any_cell_mv":
        return _cells_beyond(status, above, below, slack, held)
    cell = cell_of(field) - 1
    if cell >= 0:
        value = status.cells_mv[cell]
        if not value:
            return None
        return 1 << cell if _is_beyond(value, above, below, slack if held else 0) else 0
    value = value_of(status, field)
    if value is None:
        return None
    return NO_CELL if _is_beyond(value, above, below, slack if held else 0) else 0


def cell_of(field: str) -> int:
    """The cell that a field of a rule is about, such as cell_3_mv; 0 for those of any cell, or of none."""
    return int(field.split("_")[1]) if field.startswith("cell_") else 0


def has_no_such_cell(state, field: str) -> bool:
    """Whether the pack does not have the cell that the field is about, by the last reading."""
    return 0 < state.pack.accepted.slots < cell_of(field)


def delta_limit(state, average_mv: int) -> int:
    """The largest delta that is not too large for the state of charge, mV."""
    flat = _FLAT.get(state.config["chemistry"])
    if flat and flat[0] <= average_mv <= flat[1] and state.trend.kind == RESTING:
        return flat[2]
    return _STEEP_DELTA_MV


def _is_beyond(value, above, below, slack) -> bool:
    return (above is not None and value > above - slack) or (below is not None and value < below + slack)


def _cells_beyond(status, above, below, slack, held: int) -> int:
    """Bits of the connected cells beyond a limit; one that was before is until it is back by `slack`."""
    found = 0
    for cell in range(status.slots):
        voltage_mv = status.cells_mv[cell]
        if voltage_mv and _is_beyond(voltage_mv, above, below, slack if held >> cell & 1 else 0):
            found |= 1 << cell
    return found


def _has_large_delta(state, status, held: int) -> int | None:
    if status.delta_mv is None or state.trend.kind is None:
        return None
    limit_mv = delta_limit(state, status.average_mv)
    if held:
        limit_mv = limit_mv * _CLEARED_PERCENT // 100
    return 1 << status.highest_cell - 1 | 1 << status.lowest_cell - 1 if status.delta_mv > limit_mv else 0


def _charges_outside(state, status, limits, held: int) -> int | None:
    """While the scale is unknown only where both readings are outside (pack/temperature.py)."""
    kind = state.trend.kind
    if kind is None:
        return None
    if kind != CHARGING or limits is None or None in limits[4:]:
        return 0
    slack = _TEMPERATURE_SLACK_DC if held else 0
    lowest_dc, highest_dc = 10 * limits[4] + slack, 10 * limits[5] - slack
    return NO_CELL if state.pack.scale.is_outside(status.temperature_raw, lowest_dc, highest_dc) else 0
