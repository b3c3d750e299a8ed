"""Checks the owner's rules and limits of a configuration (docs/rules.md)."""

# Names that mean something else: of control/rule_state.py and pack/alarms.py.
_TAKEN = ("cell_high", "cell_low", "charge_temperature", "no_answer", "delta", "drift",
          "overvoltage", "cell_voltage", "temperature", "wire_resistance", "cell_count")  # fmt: skip


def check_rules(control: dict, faults, any_key: str):
    """Take out each rule that is not as it was meant: it would be silent, or about another field.

    `faults`, `any_key`: as in check.py.
    """
    for i, rule in reversed(list(enumerate(control["rules"]))):
        path = "control.rules[%d]." % i
        if rule["name"] in _TAKEN:
            faults.add(path + "name", "a built-in rule or an alarm has this name; not used")
        elif rule["above"] is None and rule["below"] is None and not faults.concern_section(path[:-1], rule):
            faults.add(path + "above", "it needs above or below; not used")
        elif faults.concern_section(path[:-1], [any_key] + list(rule)):
            faults.add_consequence(path[:-1], "not used: with these faults it could be another rule")
        else:
            continue
        del control["rules"][i]
    limits = control["limits"]
    for lowest, highest in (("cell_min_mv", "cell_max_mv"), ("charge_min_c", "charge_max_c")):
        if limits[lowest] is not None and limits[highest] is not None and limits[lowest] >= limits[highest]:
            faults.add("control.limits." + lowest, "it must be below %s; both are not used" % highest)
            limits[lowest] = limits[highest] = None
