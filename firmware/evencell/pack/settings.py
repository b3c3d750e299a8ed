"""What may be written to a balancer, and when: the rules. The writing itself is link/write.py.

Each rule returns a sentence for the owner, empty where nothing stands against the value. All of it is pure.
"""

from evencell.compat import const
from evencell.pack.alarms import CELL_COUNT, WIRE_RESISTANCE
from evencell.protocol.jk_settings import setting_range

OLDEST_MS = const(10_000)  # of a reading that something is decided by
_ACCURACY_MV = const(5)  # of the balancer (manual V2.1)
_TENTH_C_MA_PER_AH = const(100)  # a pack should not be balanced with more than 0.1 C (manual V2.1)
_LONGEST_DIGITS = const(5)  # 65535

# Lowest and highest voltage of a cell in mV. Assumed, after what data sheets usually print.
CHEMISTRIES = {
    "lfp": (2500, 3650),
    "nmc": (3000, 4200),
    "lto": (1500, 2800),
}

_SWITCH = "balancing_enabled"
_SWITCH_WORDS = {"on": 1, "off": 0, "true": 1, "false": 0, "1": 1, "0": 0}
# Where a reading calls a setting by another name.
_FIELDS = {"cell_count": "cells_configured", "balancing_enabled": "balancing_raw"}


def parse_value(setting: str, text: str) -> int:
    """The value that an owner means by `text`; raises ValueError with a sentence."""
    if setting == _SWITCH:
        if text in _SWITCH_WORDS:
            return _SWITCH_WORDS[text]
        raise ValueError("%s is on or off." % setting)
    if 0 < len(text) <= _LONGEST_DIGITS and all(digit in "0123456789" for digit in text):
        return int(text)
    raise ValueError("%s is a whole number of at most %d digits." % (setting, _LONGEST_DIGITS))


def value_text(setting: str, value: int) -> str:
    """The value as an owner would write it."""
    if setting == _SWITCH:
        return "on" if value else "off"
    return str(value)


def json_value(setting: str, value: int):
    """The value as JSON has it: a switch is true or false."""
    return value != 0 if setting == _SWITCH else value


def value_in(setting: str, status) -> int:
    """The value of `setting` in a reading; balancing_enabled is 0 or 1."""
    return getattr(status, _FIELDS.get(setting, setting))


def out_of_range(model: str, setting: str, value: int) -> str:
    """Why a balancer of `model` would not take the value: nobody may insist on that.

    Raises KeyError for unknown names.
    """
    lowest, highest = setting_range(model, setting)
    if lowest <= value <= highest:
        return ""
    allowed = "%d alone" % lowest if lowest == highest else "%d to %d" % (lowest, highest)
    return "A %s takes no %s %d: %s." % (model, setting, value, allowed)


def objection(setting: str, value: int, status, age_ms: int | None, chemistry: str) -> str:
    """Why balancing must not be switched on now, unless the owner insists by hand on the spot.

    `status` is the last accepted reading, `age_ms` how old it is (None: nothing was ever read).
    """
    if setting != _SWITCH or not value:
        return ""
    if age_ms is None or age_ms > OLDEST_MS:
        return "Balancing should stay off: the last reading is older than %d s." % (OLDEST_MS // 1000)
    if status.alarms & CELL_COUNT:
        counts = (status.cells_detected, status.cells_configured)
        return "Balancing should stay off: %d cells are detected and %d configured." % counts
    if status.alarms & WIRE_RESISTANCE:
        return "Balancing should stay off: the balancer says that a wire's resistance is too high."
    return _objection_of_cells(status, chemistry)


def _objection_of_cells(status, chemistry: str) -> str:
    if chemistry not in CHEMISTRIES:
        return "Balancing should stay off: the voltage limits of %s cells are not known." % chemistry
    lowest_mv, highest_mv = CHEMISTRIES[chemistry]
    for cell in range(status.slots):
        if not lowest_mv <= status.cells_mv[cell] <= highest_mv:
            facts = (cell + 1, status.cells_mv[cell], chemistry, lowest_mv, highest_mv)
            return "Balancing should stay off: cell %d has %d mV, and %s cells stand %d to %d mV." % facts
    return ""


def warnings(model: str, setting: str, value: int, status, capacity_ah: float) -> list[str]:
    """What the owner should know beside the write; it is done all the same."""
    found = [_doubt_of_model(model, status)]
    if setting == "trigger_mv" and value < _ACCURACY_MV:
        found.append("trigger_mv %d is below the balancer's accuracy of ± %d mV." % (value, _ACCURACY_MV))
    if setting == "cell_count" and value != status.cells_detected:
        found.append("cell_count %d: the balancer detects %d cells." % (value, status.cells_detected))
    if setting == "max_balance_ma":
        found.append(_too_much_current(model, value, capacity_ah))
    if setting == _SWITCH and value:
        found.append(_too_much_current(model, status.max_balance_ma, capacity_ah))
    return [sentence for sentence in found if sentence]


def _doubt_of_model(model: str, status) -> str:
    fewest, most = setting_range(model, "cell_count")
    if fewest <= status.cells_configured <= most:
        return ""
    return "The balancer is set to %d cells, which no %s can be: is the model right?" % (status.cells_configured, model)


def _too_much_current(model: str, current_ma: int, capacity_ah: float) -> str:
    smallest_ma, _ = setting_range(model, "max_balance_ma")
    highest_ma = _TENTH_C_MA_PER_AH * capacity_ah
    if smallest_ma > highest_ma:
        return "Even the smallest current of a %s, %d mA, is above 0.1 C of %g Ah." % (model, smallest_ma, capacity_ah)
    if current_ma > highest_ma:
        return "max_balance_ma %d is above 0.1 C of %g Ah, which is %d mA." % (current_ma, capacity_ah, highest_ma)
    return ""
