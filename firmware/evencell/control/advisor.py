"""Advice on a balancer's settings: what each should be and why (manual V2.1), and which rule it breaks. Lazy."""

from evencell.compat import const
from evencell.control.policies import state_of
from evencell.pack.limits import MAX_AGE_MS
from evencell.pack.settings import (
    TENTH_C_MA_PER_AH,
    CommandError,
    check_switch_on,
    json_value,
    model_warning,
    value_in,
    warnings,
)
from evencell.protocol.jk_settings import SETTINGS, setting_range

_LARGE_AH = const(50)
_TRIGGER_MV = const(5)
_SMALL_TRIGGER_MV = const(10)
_SWITCH = "balancing_enabled"
_HEADS = ("on", "off", "unchanged")  # of a policy's reason


def advise(pack, config: dict, age_ms: int | None, own: dict | None, control=None) -> list[dict]:
    """What to know about each setting: its `value`, the `recommended` one with the `reason`, and the rule it breaks.

    `broken` is a sentence or None, `warning` whether there is one. Empty without a reading. `config`: the pack's entry
    in the configuration; `own`: the owner's limits; `control`: policies and W switch (part.py), or None.
    """
    found = []
    if age_ms is None:
        return found
    for setting in SETTINGS:
        value = value_in(setting, pack.accepted)
        if setting == _SWITCH:
            wanted, reason, broken = _switch(pack, value, config["chemistry"], age_ms, own, control)
        else:
            wanted, reason = _recommended(pack, setting, config)
            broken = _broken(pack, setting, value, config["capacity_ah"])
        advice = {"setting": setting, "value": json_value(setting, value), "recommended": wanted, "reason": reason}
        advice["warning"] = broken is not None
        advice["broken"] = broken
        found.append(advice)
    return found


def broken(context, pack) -> list[tuple]:
    """Each setting of the pack that breaks a rule, with the recommended value or None."""
    config = context.config
    of_pack = config["packs"][context.hub.packs.index(pack)]
    own = config.get("control", {}).get("limits")
    advice = advise(pack, of_pack, pack.age_ms(context.clock), own, context.control)
    return [(each["setting"], each["recommended"]) for each in advice if each["warning"]]


def _recommended(pack, setting: str, config: dict) -> tuple:
    """The value, or None, and a sentence."""
    status, capacity_ah = pack.accepted, config["capacity_ah"]
    lowest, highest = setting_range(pack.model, setting)
    if setting == "cell_count":
        return _cell_count(status.cells_detected, config["cells"], lowest, highest, pack.model)
    if setting == "trigger_mv":
        value = _TRIGGER_MV if capacity_ah > _LARGE_AH else _SMALL_TRIGGER_MV
        return value, "The manual recommends %d mV above %d Ah and %d mV below." % (
            _TRIGGER_MV,
            _LARGE_AH,
            _SMALL_TRIGGER_MV,
        )
    tenth_c_ma = int(TENTH_C_MA_PER_AH * capacity_ah)
    if tenth_c_ma < lowest:
        return lowest, "Even the smallest current is above 0.1 C of %g Ah: watch the temperature." % capacity_ah
    return min(highest, tenth_c_ma), "At most 0.1 C, which is %d mA at %g Ah." % (tenth_c_ma, capacity_ah)


def _switch(pack, value: int, chemistry: str, age_ms: int, own: dict | None, control) -> tuple:
    """Whether balancing should be on, or None, a sentence, and the rule that it breaks while it is on, or None.

    A policy that holds it off is no rule that is broken. One that is carried out by W needs the setting on.
    """
    policy = state_of(control, pack.name)
    if policy and policy.is_on is None:
        policy = None  # it has not decided yet
    if policy and control.config["by"] == "w":
        return True, "The W switch carries out the balance policy, so this stays on.", None
    try:
        check_switch_on(_SWITCH, 1, pack.accepted, 0, chemistry, own)
    except CommandError as error:
        return False, str(error), str(error) if value else None
    if policy:
        word = "The balance policy wants it on: " if policy.is_on else "The balance policy wants it off: "
        head, _, reason = policy.reason.partition(": ")
        return policy.is_on, word + (reason if head in _HEADS else policy.reason), None
    if age_ms > MAX_AGE_MS:
        return None, "The last reading is older than %d s." % (MAX_AGE_MS // 1000), None
    return True, "No reason against balancing.", None


def _broken(pack, setting: str, value: int, capacity_ah: float) -> str | None:
    """The first rule that the value breaks, in a sentence; of the model only at the cell count."""
    of_model = model_warning(pack.model, pack.accepted)
    for sentence in warnings(pack.model, setting, value, pack.accepted, capacity_ah):
        if sentence != of_model or setting == "cell_count":
            return sentence
    return None


def _cell_count(detected: int, configured: int | None, lowest: int, highest: int, model: str) -> tuple:
    """`configured`: the owner's number in the configuration, or None."""
    if configured and configured != detected:
        reason = "The pack has %d cells by the configuration, but the balancer detects %d: check the balance leads."
        return None, reason % (configured, detected)
    if lowest <= detected <= highest:
        return detected, "The balancer detects %d cells." % detected
    return None, "The balancer detects %d cells, which no %s can have." % (detected, model)
