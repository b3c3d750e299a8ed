"""Validation of commands that set a balancer: parsing, the model's range, safety rules, warnings (docs/api.md).

HTTP API, MQTT and command line call it, each step once; link/writer.py then writes. A refusal is a `CommandError`.
"""

from evencell.compat import const
from evencell.pack.limits import switch_on_reason
from evencell.protocol.jk_settings import SETTINGS, setting_range

_ACCURACY_MV = const(5)  # of the balancer (manual V2.1)
TENTH_C_MA_PER_AH = const(100)  # a pack should not be balanced with more than 0.1 C (manual V2.1)
_MAX_DIGITS = const(5)  # 65535

_SWITCH = "balancing_enabled"
_SWITCH_WORDS = {"on": 1, "off": 0, "true": 1, "false": 0, "1": 1, "0": 0}
# Settings that have another name in a reading.
_FIELDS = {"cell_count": "cells_configured", "balancing_enabled": "balancing_raw"}


class CommandError(Exception):
    """A refused command, with one sentence for the owner. Nothing is written."""


def find_pack(context, name: str) -> tuple:
    """The pack of this name and its entry in the configuration; raises CommandError."""
    for pack, settings in zip(context.hub.packs, context.config["packs"]):
        if pack.name == name:
            return pack, settings
    raise CommandError("There is no pack of this name.")


def check_writable(pack, settings: dict):
    """Raise CommandError for a pack that is read-only or on no bus."""
    if not settings["writable"]:
        raise CommandError('%s is read-only: set "writable": true in its entry of config.json.' % pack.name)
    if pack.writer is None:
        raise CommandError("%s is not connected to a UART: see the configuration's faults in the log." % pack.name)


def own_limits(context) -> dict | None:
    """The owner's limits of cells (`limits_of` in limits.py); None where this device has read none."""
    return context.config.get("control", {}).get("limits")


def check_setting(setting: str):
    """Raise CommandError where there is none of this name."""
    if setting not in SETTINGS:
        raise CommandError("There is no such setting; there are %s." % ", ".join(sorted(SETTINGS)))


def parse_value(setting: str, given) -> int:
    """The value that a text, number or bool means, such as 5.0 or ON; raises CommandError."""
    check_setting(setting)
    text = str(given).strip().lower()
    whole, point, zeros = text.partition(".")
    if point and zeros and not zeros.strip("0"):
        text = whole
    if setting == _SWITCH:
        if text in _SWITCH_WORDS:
            return _SWITCH_WORDS[text]
        raise CommandError("%s is on or off." % setting)
    if 0 < len(text) <= _MAX_DIGITS and all(digit in "0123456789" for digit in text):
        return int(text)
    raise CommandError("%s is a whole number of at most %d digits." % (setting, _MAX_DIGITS))


def check_range(model: str, setting: str, value: int):
    """Raise CommandError for a value that a balancer of `model` does not take. No option overrides it."""
    lowest, highest = setting_range(model, setting)
    if not lowest <= value <= highest:
        allowed = "%d only" % lowest if lowest == highest else "%d to %d" % (lowest, highest)
        raise CommandError("A %s does not take %s %d: it takes %s." % (model, setting, value, allowed))


def check_switch_on(setting: str, value: int, status, age_ms: int | None, chemistry: str, own: dict | None = None):
    """Raise CommandError if the command would switch balancing on and must not.

    `status` is the last accepted reading, `age_ms` its age (None without one), `own` the owner's limits. Only an owner
    on the spot may override this (`evencell set --force`).
    """
    if setting == _SWITCH and value:
        reason = switch_on_reason(status, age_ms, chemistry, own)
        if reason:
            raise CommandError("Balancing should stay off: " + reason)


def warnings(model: str, setting: str, value: int, status, capacity_ah: float) -> list[str]:
    """Sentences for the owner about a value that is written all the same."""
    found = [model_warning(model, status)]
    if setting == "trigger_mv" and value < _ACCURACY_MV:
        found.append("trigger_mv %d is below the balancer's accuracy of ± %d mV." % (value, _ACCURACY_MV))
    if setting == "cell_count" and value != status.cells_detected:
        found.append("cell_count %d: the balancer detects %d cells." % (value, status.cells_detected))
    if setting == "max_balance_ma":
        found.append(_current_warning(model, value, capacity_ah))
    if setting == _SWITCH and value:
        found.append(_current_warning(model, status.max_balance_ma, capacity_ah))
    return [sentence for sentence in found if sentence]


def model_warning(model: str, status) -> str:
    """A sentence where the configured cells are no number that the model can have, else an empty text."""
    fewest, most = setting_range(model, "cell_count")
    if fewest <= status.cells_configured <= most:
        return ""
    return "The balancer is set to %d cells, which no %s can be: is the model right?" % (status.cells_configured, model)


def _current_warning(model: str, current_ma: int, capacity_ah: float) -> str:
    smallest_ma, _ = setting_range(model, "max_balance_ma")
    highest_ma = TENTH_C_MA_PER_AH * capacity_ah
    if smallest_ma > highest_ma:
        return "Even the smallest current of a %s, %d mA, is above 0.1 C of %g Ah." % (model, smallest_ma, capacity_ah)
    if current_ma > highest_ma:
        return "max_balance_ma %d is above 0.1 C of %g Ah, which is %d mA." % (current_ma, capacity_ah, highest_ma)
    return ""


def value_text(setting: str, value: int) -> str:
    """The value in the owner's notation."""
    if setting == _SWITCH:
        return "on" if value else "off"
    return str(value)


def json_value(setting: str, value: int):
    """The value in JSON: a switch is true or false."""
    return value != 0 if setting == _SWITCH else value


def value_in(setting: str, status) -> int:
    """The value of `setting` in a reading."""
    return settled_value(setting, getattr(status, _FIELDS.get(setting, setting)))


def settled_value(setting: str, value: int) -> int:
    """A value from a frame; balancing_enabled becomes 0 or 1, whatever number means on."""
    return int(value != 0) if setting == _SWITCH else value
