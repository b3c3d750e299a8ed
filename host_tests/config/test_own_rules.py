"""Own rules and limits of a configuration: what is not as it was meant is not used, and said."""

from evencell.config.check import check
from evencell.control.rule_state import BUILTIN
from evencell.pack.alarms import ALARMS

LOW = {"name": "low", "field": "any_cell_mv", "below": 3000}
LARGE = {"model": "jk_b2a24s"}


def checked(control: dict, *packs) -> tuple:
    config, faults = check({"control": control, "packs": list(packs) or [{}]})
    return config["control"], faults


def fault_of(rule: dict, *packs) -> str:
    """What is wrong with a rule, which is then not used; empty if nothing is."""
    control, faults = checked({"rules": [dict(rule, name="mine")]}, *packs)
    assert len(control["rules"]) == 1 - len(faults), faults
    return faults[0] if faults else ""


def test_a_rule_gets_its_defaults():
    control, faults = checked({"rules": [LOW]})
    assert faults == []
    (rule,) = control["rules"]
    assert (rule["above"], rule["hysteresis"], rule["delay_s"]) == (None, 0, 60)
    assert (rule["severity"], rule["text"], rule["output"]) == ("warning", None, False)


def test_fields_of_rules():
    for field, limit in (("cell_1_mv", 3000), ("cell_24_mv", 3000), ("any_cell_mv", 3000), ("temperature_c", -5)):
        assert checked({"rules": [dict(LOW, field=field, below=limit)]}, LARGE)[1] == [], field
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
        {"below": 6000},
    ):
        control, faults = checked({"rules": [dict(LOW, name="a"), dict(LOW, **wrong), dict(LOW, name="c")]})
        assert [rule["name"] for rule in control["rules"]] == ["a", "c"], wrong
        assert faults and all(fault.startswith("control.rules[1]") for fault in faults), faults
        assert "not used" in faults[0] + faults[-1]


def test_the_names_of_built_in_rules_and_alarms_are_taken():
    for name in BUILTIN + ALARMS:
        control, faults = checked({"rules": [dict(LOW, name=name)]})
        assert control["rules"] == [] and "has this name; not used" in faults[0]


def test_a_fault_is_found_behind_a_rule_that_is_left_out():
    """Paths count the rules of the file."""
    control, faults = checked({"rules": [LOW, LOW, dict(LOW, name="b", delay_s=-1), dict(LOW, name="c")]})
    assert [rule["name"] for rule in control["rules"]] == ["low", "c"]
    assert [fault.split(":")[0] for fault in faults] == [
        "control.rules[1].name",
        "control.rules[2].delay_s",
        "control.rules[2]",
    ]


def test_two_rules_of_one_name_are_a_fault():
    _, faults = checked({"rules": [LOW, dict(LOW, below=2900)]})
    assert any(fault.startswith("control.rules[1].name") for fault in faults)


def test_a_rule_that_can_never_be_raised_or_never_cleared_is_a_fault():
    for field, keys, key in (
        ("delta_mv", {"above": 5000}, "above"),  # a cell has 5 V at most
        ("delta_mv", {"above": 5, "hysteresis": 6}, "above"),  # below 0 it would be cleared
        ("delta_mv", {"below": 0}, "below"),
        ("highest_mv", {"above": 100, "hysteresis": 5000}, "hysteresis"),
        ("highest_mv", {"below": 3000, "hysteresis": 2001}, "below"),
        ("pack_mv", {"above": -1}, "above"),
        ("temperature_c", {"above": 3000}, "above"),
        ("temperature_c", {"below": -40}, "below"),
        ("temperature_c", {"above": 45, "hysteresis": 200}, "hysteresis"),
        ("cells_detected", {"above": 24}, "above"),
        ("balance_ma", {"above": 10_000}, "above"),
        ("pack_mv", {"above": 13_000, "below": 14_000}, "above"),  # every voltage is beyond one of them
        ("pack_mv", {"above": 13_000, "below": 13_000}, "above"),
        ("pack_mv", {"above": 14_000, "below": 13_000, "hysteresis": 500}, "above"),
    ):
        fault = fault_of(dict(keys, field=field))
        assert fault.startswith("control.rules[0].%s: " % key), (field, keys, fault)
        assert "never cleared; not used" in fault
    for field, keys in (
        ("delta_mv", {"above": 0}),
        ("delta_mv", {"above": 5, "hysteresis": 5}),
        ("cells_detected", {"below": 24}),
        ("temperature_c", {"below": 5, "hysteresis": 3}),
        ("pack_mv", {"above": 14_000, "below": 13_000, "hysteresis": 499}),
    ):
        assert fault_of(dict(keys, field=field)) == "", (field, keys)


def test_a_rule_about_a_cell_that_no_pack_has_is_a_fault():
    seventh = {"field": "cell_7_mv", "below": 3000}
    assert fault_of(seventh) == (
        "control.rules[0].field: no pack has more than 4 cells, by its cells or its model; not used"
    )
    assert "more than 6 cells" in fault_of(seventh, dict(LARGE, cells=6))
    assert fault_of(seventh, LARGE) == ""
    assert fault_of(seventh, dict(LARGE, cells=6), dict(LARGE, name="b", address=2, cells=8)) == ""


def limits_fault(limits: dict, chemistry: str) -> tuple:
    """The limits that are used, and what is wrong with the others."""
    control, faults = checked({"limits": limits}, {"chemistry": chemistry})
    return {key: value for key, value in control["limits"].items() if value is not None}, faults


def test_limits_that_exclude_each_other_are_not_used():
    for lowest, highest, value, span in (
        ("cell_min_mv", "cell_max_mv", 3000, 400),
        ("charge_min_c", "charge_max_c", 20, 5),
    ):
        for wrong in (value, value - 1, value + span - 1):
            used, faults = limits_fault({lowest: value, highest: wrong}, "custom")
            assert used == {} and faults[0].startswith("control.limits." + lowest), faults
        assert limits_fault({lowest: value, highest: value + span}, "custom")[1] == []


def test_limits_that_the_chemistry_does_not_bear_are_not_used():
    for chemistry, key, wrong, right in (
        ("lfp", "cell_max_mv", 4200, 3900),
        ("lfp", "cell_min_mv", 1999, 2000),
        ("nmc", "cell_max_mv", 4351, 4350),
        ("nmc", "cell_min_mv", 2400, 2500),
        ("lto", "cell_max_mv", 3000, 2850),
        ("lto", "cell_min_mv", 1499, 1500),
        ("lfp", "charge_max_c", 61, 60),
        ("lto", "charge_max_c", 56, 55),
        ("nmc", "charge_min_c", -21, -20),
    ):
        used, (fault,) = limits_fault({key: wrong}, chemistry)
        assert used == {} and fault.startswith("control.limits.%s: %s cells bear " % (key, chemistry)), fault
        assert limits_fault({key: right}, chemistry) == ({key: right}, [])
        assert limits_fault({key: wrong}, "custom") == ({key: wrong}, [])


def test_limits_that_fit_one_pack_of_two_are_a_fault():
    packs = {"chemistry": "lfp"}, {"name": "b", "address": 2, "chemistry": "lto"}
    _, faults = checked({"limits": {"cell_max_mv": 3600}}, *packs)
    assert faults == [
        "control.limits.cell_max_mv: lto cells bear 1500 to 2900: take a limit within that, "
        "or the chemistry custom; not used"
    ]


def test_one_limit_that_leaves_no_span_beside_the_chemistrys_is_not_used():
    for limits, key in (
        ({"cell_max_mv": 3050}, "cell_max_mv"),  # LFP is low below 3000
        ({"cell_min_mv": 3600}, "cell_min_mv"),
        ({"cell_min_mv": 3400, "cell_max_mv": 3450}, "cell_min_mv"),
        ({"charge_max_c": 3}, "charge_max_c"),
        ({"charge_min_c": 45}, "charge_min_c"),
    ):
        used, (fault,) = limits_fault(limits, "lfp")
        assert used == {} and fault.startswith("control.limits.%s: it leaves lfp cells " % key), fault
    assert limits_fault({"cell_max_mv": 3100}, "lfp")[1] == []


def policy_faults(policy: dict, *packs, limits=None) -> list:
    """The faults of a policy, which then stays off."""
    control, faults = checked({"policy": policy, "limits": limits or {}}, *packs)
    assert (control["policy"]["preset"] == "off") is bool(faults), faults
    return faults


def custom(*conditions, packs=()) -> list:
    return policy_faults({"preset": "custom", "conditions": list(conditions)}, *packs)


def test_conditions_that_can_never_hold_or_never_end_keep_the_policy_off():
    for condition, key in (
        ({"field": "delta_mv", "above": 10, "below": 10}, "below"),
        ({"field": "delta_mv", "above": 10, "below": 5}, "below"),
        ({"field": "delta_mv", "above": 5, "hysteresis": 5}, "above"),
        ({"field": "delta_mv", "above": 1000}, "above"),  # LFP is balanced between 3.00 and 3.65 V
        ({"field": "highest_mv", "above": 3650}, "above"),
        ({"field": "highest_mv", "above": 3400, "hysteresis": 1000, "below": 3600}, None),
        ({"field": "lowest_mv", "below": 2950}, "below"),
        ({"field": "pack_mv", "above": 15_000}, "above"),  # four cells
        ({"field": "temperature_c", "above": 70}, "above"),
        ({"field": "temperature_c", "below": 40, "hysteresis": 85}, "below"),
        ({"field": "temperature_c", "below": 40, "hysteresis": 165}, "hysteresis"),
        ({"field": "trend", "trend": "resting", "above": 3}, "above"),
        ({"field": "delta_mv", "above": 3, "trend": "resting"}, "trend"),
        ({"field": "delta_mv", "above": 3, "span": ["22:00", "06:00"]}, "span"),
        ({"field": "time", "span": ["22:00", "06:00"], "hysteresis": 1}, "hysteresis"),
        ({"field": "time", "span": ["22:00", "22:00"]}, "span"),
        ({"field": "time"}, "span"),
        ({"field": "trend"}, "trend"),
        ({"field": "delta_mv"}, "above"),
        ({"field": "delta_mv", "above": "x"}, "above"),
        ({"field": "delta_mv", "above": 3, "hysterese": 1}, "hysterese"),
    ):
        faults = custom(condition)
        if key is None:
            assert faults == []
            continue
        assert any(fault.startswith("control.policy.conditions[0].%s: " % key) for fault in faults), (condition, faults)
        assert "the policy stays off" in faults[0] or "control: the balance policy stays off" in faults, faults


def test_trend_and_an_opposite_condition_keep_the_policy_off():
    faults = custom({"field": "trend", "trend": "resting"}, {"field": "trend", "trend": "charging"})
    assert "control: the balance policy stays off" in faults


def test_conditions_that_exclude_each_other_keep_the_policy_off():
    for conditions in (
        ({"field": "lowest_mv", "above": 3400}, {"field": "highest_mv", "below": 3390}),
        (
            {"field": "lowest_mv", "above": 3400},
            {"field": "highest_mv", "below": 3420},
            {"field": "delta_mv", "above": 21},
        ),
        (
            {"field": "highest_mv", "above": 3450},
            {"field": "lowest_mv", "below": 3400},
            {"field": "delta_mv", "below": 40},
        ),
        ({"field": "pack_mv", "above": 14_000}, {"field": "highest_mv", "below": 3450}),
        ({"field": "pack_mv", "below": 13_000}, {"field": "lowest_mv", "above": 3300}),
    ):
        (fault,) = custom(*conditions)
        assert fault.startswith("control.policy.conditions: ") and "never hold together" in fault
    assert custom({"field": "lowest_mv", "above": 3300}, {"field": "highest_mv", "below": 3310}) == []
    assert custom({"field": "pack_mv", "above": 14_000}, {"field": "highest_mv", "below": 3550}) == []


def test_what_a_policy_rests_on_keeps_it_off():
    assert policy_faults({"preset": "top"}) == []
    for policy, packs, limits in (
        ({"preset": "always", "min_on_s": 1}, (), None),
        ({"preset": "always", "min_one_s": 100}, (), None),
        ({"preset": "always"}, ({"chemistry": "lifepo"},), None),
        ({"preset": "always"}, (), {"cell_max_mv": 4200}),
        ({"preset": "top"}, (), {"cell_max_mv": 3400}),
        ({"preset": "custom"}, (), None),
        ({"preset": "always", "by": "w"}, (), None),
    ):
        assert policy_faults(policy, *packs, limits=limits), policy


def test_faulty_conditions_of_another_preset_are_not_used():
    """The preset custom may be chosen while the policy runs."""
    good = {"field": "delta_mv", "above": 5}
    for conditions in ([{"field": "time"}], [good, {"field": "trend", "trend": "x"}], [dict(good, below=5)]):
        control, faults = checked({"policy": {"preset": "top", "conditions": conditions}})
        assert (control["policy"]["preset"], control["policy"]["conditions"]) == ("top", []), faults
        assert any(fault.startswith("control.policy.conditions: not used: ") for fault in faults)
    control, faults = checked({"policy": {"preset": "top", "conditions": [good]}})
    assert len(control["policy"]["conditions"]) == 1 and faults == []
