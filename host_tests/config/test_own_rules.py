"""Own rules and limits of a configuration: what is not as it was meant is not used, and said."""

from evencell.config.check import check

LOW = {"name": "low", "field": "any_cell_mv", "below": 3000}


def checked(control: dict) -> tuple:
    config, faults = check({"control": control})
    return config["control"], faults


def test_a_rule_gets_its_defaults():
    control, faults = checked({"rules": [LOW]})
    assert faults == []
    (rule,) = control["rules"]
    assert (rule["above"], rule["hysteresis"], rule["delay_s"]) == (None, 0, 60)
    assert (rule["severity"], rule["text"], rule["output"]) == ("warning", None, False)


def test_fields_of_rules():
    for field in ("cell_1_mv", "cell_24_mv", "any_cell_mv", "temperature_c", "pack_mv"):
        assert checked({"rules": [dict(LOW, field=field)]})[1] == [], field
    for field in ("cell_0_mv", "cell_25_mv", "cell_x_mv", "cell__mv", "trigger", "", 5, "cell_1"):
        control, faults = checked({"rules": [dict(LOW, field=field)]})
        assert control["rules"] == [], field
        assert "cell_1_mv to cell_24_mv" in faults[0] and len(faults) == 2, faults


def test_a_rule_with_a_fault_is_not_used_and_the_others_are():
    for wrong in (
        {"above": "x"},
        {"bellow": 3},
        {"delay_s": -1},
        {"below": None},
        {"name": "delta"},
        {"name": "overvoltage"},
        {"severity": "bad"},
    ):
        control, faults = checked({"rules": [dict(LOW, name="a"), dict(LOW, **wrong), dict(LOW, name="c")]})
        assert [rule["name"] for rule in control["rules"]] == ["a", "c"], wrong
        assert faults and all(fault.startswith("control.rules[1]") for fault in faults), faults
        assert "not used" in faults[0] + faults[-1]


def test_two_rules_of_one_name_are_a_fault():
    _, faults = checked({"rules": [LOW, dict(LOW, below=2900)]})
    assert any(fault.startswith("control.rules[1].name") for fault in faults)


def test_limits_that_exclude_each_other_are_not_used():
    for lowest, highest, value in (("cell_min_mv", "cell_max_mv", 3000), ("charge_min_c", "charge_max_c", 20)):
        control, faults = checked({"limits": {lowest: value, highest: value}})
        assert control["limits"][lowest] is control["limits"][highest] is None
        assert faults[0].startswith("control.limits." + lowest)
        assert checked({"limits": {lowest: value, highest: value + 1}})[1] == []
