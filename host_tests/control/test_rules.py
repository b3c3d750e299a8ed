"""Rules: raised and cleared once, after their delay, by their hysteresis; acknowledged; kept over a restart."""

from evencell.control.rule_state import BUILTIN
from evencell.control.rule_texts import listing
from evencell.control.rules import RuleError, acknowledge, save
from evencell.control.trend import CHARGING, DISCHARGING, RESTING
from evencell.pack.alarms import CELL_COUNT
from evencell.pack.pack import ASLEEP, OFFLINE, ONLINE, STALE
from evencell.pack.temperature import TemperatureScale
from host_tests.control.ruled import Ruled, rule
from host_tests.portable import raises

EVEN = (3300, 3302, 3301, 3300)
WIDE = (3300, 3302, 3301, 3350)


def said(device, name: str) -> dict:
    return next(each for each in listing(device.state, device.clock.now_ms // 1000) if each["name"] == name)


def test_own_rule_is_raised_and_cleared_once():
    device = Ruled(rule(above=40))
    assert device.tick(EVEN) == []
    assert device.tick(WIDE) == [("mine", True, [])]
    assert device.pack.rules == ("rule:mine",)
    assert device.tick(WIDE, ticks=5) == []
    assert device.tick(EVEN) == [("mine", False, [])]
    assert device.pack.rules == ()
    assert device.tick(EVEN, ticks=5) == []
    assert device.log.warnings == ["pack1: rule mine on", "pack1: rule mine off"]


def test_hysteresis_keeps_a_rule_raised():
    device = Ruled(rule(above=40, hysteresis=10))
    assert device.tick((3300, 3341)) == [("mine", True, [])]
    assert device.tick((3300, 3331)) == []
    assert device.tick((3300, 3330)) == [("mine", False, [])]
    assert device.tick((3300, 3335)) == []


def test_below_and_above_together_are_a_band():
    device = Ruled(rule(field="pack_mv", below=13000, above=14000, hysteresis=100))
    assert device.tick((3250,) * 4) == []
    assert device.tick((3240,) * 4) == [("mine", True, [])]
    assert device.tick((3270,) * 4) == []
    assert device.tick((3275,) * 4) == [("mine", False, [])]
    assert device.tick((3501,) * 4) == [("mine", True, [])]


def test_the_condition_must_hold_for_the_whole_delay():
    device = Ruled(rule(above=40, delay_s=30))
    assert device.tick(WIDE, ticks=3) == []
    assert said(device, "mine")["state"] == "pending"
    assert device.tick(EVEN) == []
    assert device.tick(WIDE, ticks=3) == []
    assert device.tick(WIDE) == [("mine", True, [])]


def test_without_readings_a_delay_begins_anew_and_a_raised_rule_stays():
    device = Ruled(rule(above=40, delay_s=30))
    device.tick(WIDE, ticks=3)
    device.pack.link = STALE
    device.tick(ticks=10)
    device.pack.link = ONLINE
    assert device.tick(ticks=3) == []
    assert device.tick() == [("mine", True, [])]
    device.pack.link = OFFLINE
    device.pack.read(EVEN)
    assert device.tick(ticks=10) == []
    assert device.pack.rules == ("rule:mine",)


def test_rules_for_each_cell_name_the_cells():
    device = Ruled(rule("any", "any_cell_mv", below=3000), rule("third", "cell_3_mv", below=3000))
    assert device.tick((2990, 3300, 2980, 3300)) == [("any", True, [1, 3]), ("third", True, [3])]
    assert device.tick((2990, 3300, 3300, 3300)) == [("third", False, [])]
    assert said(device, "any")["cells"] == [1]
    assert device.tick((3300, 3300, 0, 3300)) == [("any", False, [])]  # a cell that is missing is another alarm
    assert Ruled(rule(field="cell_9_mv", below=3000)).tick(EVEN) == []


def test_an_unknown_temperature_raises_nothing():
    device = Ruled(rule(field="temperature_c", above=40))
    device.pack.read(EVEN)
    device.pack.accepted.temperature_dc = None
    assert device.tick() == []
    assert device.tick(EVEN, temperature_dc=401) == [("mine", True, [])]


def test_raised_rules_are_listed_by_danger():
    device = Ruled(rule("a", above=1, severity="info"), rule("b", above=1, severity="danger"), rule("c", above=1))
    device.tick(WIDE)
    assert device.pack.rules == ("rule:b", "rule:c", "rule:a")


def test_cells_outside_the_limits_of_the_chemistry():
    device = Ruled(builtin=True)
    assert device.tick((3660, 3400, 3400, 3400)) == []
    assert device.tick() == [("cell_high", True, [1])]
    found = said(device, "cell_high")
    assert (found["severity"], found["text"]) == ("danger", "cell 1: 3660 mV, above 3650 mV")
    assert found["remedy"].startswith("Stop charging")
    assert device.tick((3640, 3400, 3400, 3400)) == []
    assert device.tick((3630, 3400, 3400, 3400)) == [("cell_high", False, [])]
    device.tick((3000, 3000, 3000, 2499))
    assert device.tick() == [("cell_low", True, [4])]


def test_own_limits_replace_those_of_the_chemistry():
    device = Ruled(builtin=True, limits={"cell_max_mv": 3550})
    device.tick((3560, 3400, 3400, 3400), ticks=2)
    assert said(device, "cell_high")["text"] == "cell 1: 3560 mV, above 3550 mV"
    device = Ruled(builtin=True, chemistry="custom")
    assert device.tick((4900, 1100), ticks=5) == []  # no limits are known
    device = Ruled(builtin=True, chemistry="custom", limits={"cell_max_mv": 4000, "cell_min_mv": 3000})
    assert device.tick((4900, 3500), ticks=2) == [("cell_high", True, [1])]


def test_a_delta_is_judged_by_the_state_of_charge():
    """On the flat part of the curve at rest 30 mV are much; at its ends they are not."""
    device = Ruled(builtin=True)
    device.tick((3300, 3335, 3301, 3300), ticks=30)
    assert device.tick() == [("delta", True, [1, 2])]
    assert "more than 30 mV" in said(device, "delta")["text"]
    assert device.tick((3300, 3323, 3301, 3300)) == []
    assert device.tick((3300, 3322, 3301, 3300)) == [("delta", False, [])]
    for cells, kind in (((3450, 3585, 3451, 3450), RESTING), ((3300, 3440, 3301, 3300), DISCHARGING)):
        device = Ruled(builtin=True)
        device.state.trend.kind = kind
        assert device.tick(cells, ticks=40) == []
        first, second, third, fourth = cells
        assert device.tick((first - 20, second, third, fourth), ticks=40)[0][:2] == ("delta", True)


def test_charging_outside_the_limits_of_the_chemistry():
    device = Ruled(builtin=True)
    assert device.tick(EVEN, temperature_dc=-50, ticks=10) == []
    device.state.trend.kind = CHARGING
    assert device.tick(ticks=6) == []
    assert device.tick() == [("charge_temperature", True, [])]
    assert said(device, "charge_temperature")["text"] == "the pack is charging outside 0 to 45 °C"
    assert device.tick(EVEN, temperature_dc=10) == []
    assert device.tick(EVEN, temperature_dc=20) == [("charge_temperature", False, [])]


def test_charging_with_an_unknown_scale_needs_both_readings_outside():
    device = Ruled(builtin=True)
    device.pack.scale = TemperatureScale("auto")
    device.state.trend.kind = CHARGING
    assert device.tick(EVEN, temperature_dc=100, ticks=10) == []  # 100 °C, or 10 °C
    assert device.tick(EVEN, temperature_dc=-5, ticks=10) == [("charge_temperature", True, [])]


def test_a_balancer_that_gives_no_answer():
    device = Ruled(builtin=True)
    device.pack.link = OFFLINE
    assert device.tick(ticks=6) == []
    assert device.tick() == [("no_answer", True, [])]
    device.pack.link = ONLINE
    assert device.tick() == [("no_answer", False, [])]
    device.pack.link = ASLEEP
    assert device.tick(ticks=30) == []


def test_a_drifting_cell():
    device = Ruled(builtin=True)
    device.state.drifting = 0b100
    assert device.tick() == [("drift", True, [3])]
    assert said(device, "drift")["severity"] == "info"


def test_built_in_rules_can_be_off():
    device = Ruled(builtin=False)
    assert device.tick((4000, 3000, 3000, 2000), ticks=60) == []
    assert list(listing(device.state, 0)) == []


def test_an_acknowledged_rule_stays_raised_until_it_is_cleared():
    device = Ruled(rule(above=40))
    assert raises(RuleError, lambda: acknowledge(device, device, device.state, "mine")) == "This rule is not raised."
    device.tick(WIDE)
    acknowledge(device, device, device.state, "mine")
    assert device.events() == [("mine", "acknowledged")]
    acknowledge(device, device, device.state, "mine")
    assert device.events() == []
    assert (said(device, "mine")["state"], said(device, "mine")["acknowledged"]) == ("raised", True)
    assert device.pack.rules == ("rule:mine",)
    device.tick(EVEN)
    device.tick(WIDE)
    assert said(device, "mine")["acknowledged"] is False
    assert "no rule" in raises(RuleError, lambda: acknowledge(device, device, device.state, "none"))


def test_the_balancers_own_alarms_are_listed_and_acknowledged():
    device = Ruled(builtin=True)
    device.tick(EVEN, alarms=CELL_COUNT)
    device.hub.post("alarm", "pack1", "cell_count", True, [])
    acknowledge(device, device, device.state, "cell_count")
    assert said(device, "cell_count")["acknowledged"] is True
    assert "Check the setting" in said(device, "cell_count")["remedy"]
    device.hub.post("alarm", "pack1", "cell_count", False, [])
    device.hub.post("alarm", "pack1", "cell_count", True, [])
    device.tick()
    assert said(device, "cell_count")["acknowledged"] is False


def test_an_alarm_whose_end_was_overwritten_is_acknowledged_no_more():
    device = Ruled(builtin=True)
    device.tick(EVEN, alarms=CELL_COUNT)
    acknowledge(device, device, device.state, "cell_count")
    device.hub.post("alarm", "pack1", "cell_count", False, [])
    for _ in range(16):
        device.hub.post("link", "pack1", "link", "online")
    device.tick(EVEN, alarms=0)
    device.tick(EVEN, alarms=CELL_COUNT)
    assert said(device, "cell_count")["acknowledged"] is False


def test_a_restart_raises_nothing_anew_and_keeps_what_was_acknowledged():
    device = Ruled(rule("a", above=40), rule("b", above=40))
    device.tick(WIDE)
    acknowledge(device, device, device.state, "b")
    again = Ruled(rule("b", above=40), rule("a", above=40), keys=device.key_values)
    assert again.tick(WIDE) == []
    assert [said(again, name)["acknowledged"] for name in "ab"] == [False, True]
    assert sorted(again.pack.rules) == ["rule:a", "rule:b"]
    save(again, again)
    later = Ruled(rule("a", above=40), keys=device.key_values)
    assert later.tick(EVEN) == [("a", False, [])]
    save(later, later)
    assert not device.key_values.kept["rules:pack1"]


def test_events_are_kept_in_the_event_log_at_most_once_a_minute():
    device = Ruled(rule(above=40))
    device.tick(WIDE)
    assert device.kept() == [["rule", "pack1", "mine", "rule", None, True, "", ""]]
    saved = []
    for _ in range(5):
        device.tick(EVEN)
        device.tick(WIDE)
        device.hub.post("alarm", "pack1", "cell_count", True, [4])
        saved.append(device.saved_s)
    assert sorted(set(saved)) == [10, 70]
    save(device, device)  # as at a clean end
    assert len(device.kept()) == 1 + 10 + 5
    assert device.kept()[-1] == ["alarm", "pack1", "cell_count", None, None, True, "", "4"]


def test_a_setting_that_something_else_changed_is_kept():
    device = Ruled()
    device.tick(EVEN)
    device.pack.accepted.trigger_mv = 9
    device.hub.post("settings", "pack1", "trigger_mv", 9)  # by a command of this device
    device.tick()
    assert device.kept() == []
    device.pack.accepted.max_balance_ma = 700
    device.tick(ticks=2)
    assert device.kept() == [["settings", "pack1", "max_balance_ma", "other", 2000, 700, "changed", ""]]
    assert device.hub.event(device.hub.posted - 1)[1:] == ("settings", "pack1", "max_balance_ma", 700)


def test_the_output_is_on_until_the_rule_is_acknowledged_or_cleared():
    device = Ruled(rule("loud", above=40, output=True), rule("quiet", above=40))
    device.tick(EVEN)
    assert device.driven[-1] is False
    device.tick(WIDE)
    assert device.driven[-1] is True
    acknowledge(device, device, device.state, "quiet")
    assert device.driven[-1] is True
    acknowledge(device, device, device.state, "loud")
    assert device.driven[-1] is False
    device.tick(EVEN)
    device.tick(WIDE)
    assert device.driven[-1] is True
    device.tick(EVEN)
    assert device.driven[-1] is False


def test_built_in_dangers_and_alarms_switch_the_output_where_that_is_wanted():
    for loud in (False, True):
        device = Ruled(builtin=True, loud=loud)
        device.tick((3700, 3400, 3400, 3400), ticks=2)
        assert device.driven[-1] is loud
        device = Ruled(builtin=True, loud=loud)
        device.tick(EVEN, alarms=CELL_COUNT)
        assert device.driven[-1] is loud


def test_every_built_in_rule_has_words():
    device = Ruled(builtin=True)
    for number in range(len(BUILTIN)):
        device.state.states[number] = 2
        device.state.cells[number] = 3
    for found in listing(device.state, 0):
        assert found["text"] and found["remedy"], found
