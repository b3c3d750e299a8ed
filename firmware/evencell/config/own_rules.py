"""Checks the owner's rules of a configuration (docs/rules.md). Lazy."""

from evencell.config.field_range import misfit, range_of
from evencell.protocol.jk_settings import setting_range

# Names that mean something else: of control/rule_state.py and pack/alarms.py.
_TAKEN = ("cell_high", "cell_low", "charge_temperature", "no_answer", "delta", "drift",
          "overvoltage", "cell_voltage", "temperature", "wire_resistance", "cell_count")  # fmt: skip
_ENDING = "else it is never raised, or never cleared; not used"


def check_rules(config: dict, faults, any_key: str):
    """Take out each rule that is not as it was meant: it would be silent, always raised, or about another field.

    `faults`, `any_key`: as in check.py.
    """
    rules = config["control"]["rules"]
    for place, rule in zip(faults.places("control.rules", len(rules)), list(rules)):
        if rule["name"] in _TAKEN:
            faults.add(place + ".name", "a built-in rule or an alarm has this name; not used")
        elif faults.concern_section(place, [any_key] + list(rule)):
            faults.add_consequence(place, "not used: with these faults it could be another rule")
        else:
            fault = _fault(rule, config["packs"])
            if not fault:
                continue
            faults.add("%s.%s" % (place, fault[0]), fault[1])
        rules.remove(rule)


def _fault(rule: dict, packs: list) -> tuple | None:
    """A key and what is wrong with it, or None."""
    above, below, field = rule["above"], rule["below"], rule["field"]
    if above is None and below is None:
        return "above", "it needs above or below; not used"
    if field.startswith("cell_"):
        most = max([pack["cells"] or setting_range(pack["model"], "cell_count")[1] for pack in packs])
        if int(field.split("_")[1]) > most:
            return "field", "no pack has more than %d cells, by its cells or its model; not used" % most
    fault = misfit(rule, range_of(field), _ENDING, True)
    if fault is None and None not in (above, below) and above - below <= 2 * rule["hysteresis"]:
        return "above", "above and below must be more than twice the hysteresis apart: " + _ENDING
    return fault
