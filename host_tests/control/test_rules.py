"""Rules: raised and cleared once, after their delay, by their hysteresis; acknowledged; kept over a restart."""

import random

from evencell.control.event_log import append, read
from evencell.control.rule_state import BUILTIN, RAISED
from evencell.control.rule_texts import listing
from evencell.control.rules import RuleError, acknowledge, save
from evencell.control.state import PolicyState
from evencell.control.trend import CHARGING, DISCHARGING, RESTING
from evencell.pack.alarms import CELL_COUNT, WIRE_RESISTANCE
from evencell.pack.pack import ASLEEP, OFFLINE, ONLINE, STALE
from evencell.pack.status import Status
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
    assert device.log.warnings == ["pack1: rule mine raised", "pack1: rule mine cleared"]


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


def test_a_built_in_rule_that_can_not_be_judged_says_so():
    device = Ruled(builtin=True, chemistry="custom")
    device.tick(EVEN)
    states = {each["name"]: each["state"] for each in listing(device.state, 0)}
    unknown = ["cell_high", "cell_low", "charge_temperature", "drift"]
    assert sorted([name for name in states if states[name] == "unknown"]) == unknown
    assert "set them in control.limits" in said(device, "cell_low")["text"]
    voltages = {"cell_max_mv": 4000, "cell_min_mv": 3000}
    device = Ruled(builtin=True, chemistry="custom", limits=voltages)
    assert said(device, "cell_low")["state"] == "ok"
    assert said(device, "charge_temperature")["state"] == "unknown"
    device = Ruled(builtin=True)
    device.state.drifting = 0
    assert all(each["state"] == "ok" for each in listing(device.state, 0))


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
    assert device.kept()[-1] == ["rule", "pack1", "mine", "page", None, "acknowledged", "", ""]
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


def test_a_rule_that_was_raised_before_the_restart_has_words_before_the_first_reading():
    device = Ruled(rule("a", "any_cell_mv", above=3300), rule("b", above=40), builtin=True)
    device.state.drifting = 0b100
    device.tick(WIDE)
    save(device, device)
    again = Ruled(rule("a", "any_cell_mv", above=3300), rule("b", above=40), builtin=True, keys=device.key_values)
    again.pack.accepted = Status()
    again.pack.link = OFFLINE
    again.tick()
    assert said(again, "a")["text"] == "no reading yet, to be reported above 3300 mV"
    assert said(again, "b")["text"] == "no reading yet, to be reported above 40 mV"
    assert said(again, "drift")["text"] == "cell ? drifts away from the others at rest"
    assert sorted(again.pack.rules) == ["rule:a", "rule:b", "rule:drift"]


def test_events_are_kept_in_the_event_log_at_most_once_a_minute():
    device = Ruled(rule(above=40))
    device.tick(WIDE)
    assert device.kept() == [["rule", "pack1", "mine", "rule", None, True, "", ""]]
    saved = []
    for _ in range(5):
        device.tick(EVEN)
        device.tick(WIDE)
        saved.append(device.saved_s)
    device.hub.post("alarm", "pack1", "cell_count", True, [4])
    assert sorted(set(saved)) == [10, 70]
    save(device, device)  # as at a clean end
    assert len(device.kept()) == 1 + 10 + 1
    assert device.kept()[-1] == ["alarm", "pack1", "cell_count", None, None, True, "", "4"]


def test_a_rule_about_a_cell_that_the_pack_does_not_have_says_so():
    device = Ruled(rule("seventh", "cell_7_mv", below=3000), rule("fourth", "cell_4_mv", below=3000))
    assert said(device, "seventh")["state"] == "ok"  # before the first reading
    assert device.tick(EVEN, ticks=3) == []
    fault = "control.rules: seventh is about cell 7, and pack1 has 4 cells: correct its field; it is never raised"
    assert device.config_faults == [fault]
    assert device.log.warnings == ["configuration: " + fault]
    assert [device.hub.event(i)[1:] for i in range(device.hub.posted)] == [("config", None, "control.rules", fault)]
    found = said(device, "seventh")
    assert (found["state"], found["text"]) == ("no_such_cell", "the pack has 4 cells, and no cell 7")
    assert "Correct the field" in found["remedy"] and found["since_s"] is None
    assert said(device, "fourth")["state"] == "ok"
    assert "not raised" in raises(RuleError, lambda: acknowledge(device, device, device.state, "seventh"))
    assert device.tick((3300, 3302, 3301, 3300, 3300, 3300, 2900)) == [("seventh", True, [7])]
    assert device.config_faults == []


def test_a_raised_rule_is_cleared_where_its_cell_is_no_more():
    device = Ruled(rule("fourth", "cell_4_mv", below=3000))
    assert device.tick((3300, 3300, 3300, 2900)) == [("fourth", True, [4])]
    assert device.tick((3300, 3300, 3300)) == [("fourth", False, [])]
    assert device.pack.rules == ()


def test_alarms_of_the_balancer_are_kept_once_over_a_restart():
    """Also where one ended meanwhile, and what was acknowledged stays so."""
    device = Ruled(loud=True)
    device.tick(EVEN, alarms=CELL_COUNT | WIRE_RESISTANCE)
    acknowledge(device, device, device.state, "cell_count")
    acknowledge(device, device, device.state, "wire_resistance")
    again = Ruled(loud=True, keys=device.key_values)
    again.pack.accepted.alarms = None  # no reading yet
    again.tick()
    again.hub.post("alarm", "pack1", "cell_count", True, [])
    again.tick(EVEN, alarms=CELL_COUNT)
    assert not any(again.driven)
    assert said(again, "cell_count")["acknowledged"] is True
    save(again, again)
    # each device has a flash of its own here
    assert [(event[2], event[5]) for event in again.kept()] == [("wire_resistance", False)]


class _Anything(Ruled):
    """A device on which something happens at any time."""

    def __init__(self):
        Ruled.__init__(self, rule(above=40))
        self.tick(EVEN)
        self.is_on = False

    def happen(self, number: int) -> str:
        """One of what the event log keeps; returns its name."""
        status = self.pack.accepted
        what = random.choice(("cell_count", "balancing_enabled", "trigger_mv", "max_balance_ma", "mine"))
        if what == "cell_count":
            status.alarms ^= CELL_COUNT
            self.hub.post("alarm", "pack1", what, status.alarms > 0, [])
        elif what == "balancing_enabled":
            self.is_on = not self.is_on
            self.hub.post("policy", "pack1", what, self.is_on)
        elif what == "trigger_mv":  # by a command of this device
            status.trigger_mv = number
            self.hub.post("settings", "pack1", what, number)
            append(self, [(self.clock.unix_s(), "settings", "pack1", what, "page", None, number, "written", "")])
        elif what == "max_balance_ma":  # by something else
            status.max_balance_ma = 400 + number
            self.tick()
        else:
            status.delta_mv = 0 if status.delta_mv > 40 else 50
            self.tick()
        return what


def test_a_policy_that_decides_the_same_after_a_restart_is_kept_once():
    device = Ruled()
    for is_on in (False, True):
        device.hub.post("policy", "pack1", "balancing_enabled", is_on)
    save(device, device)
    assert [event[5] for event in device.kept()] == [False, True]
    again = Ruled(keys=device.key_values)
    again.hub.post("policy", "pack1", "balancing_enabled", True)
    save(again, again)
    assert again.kept() == []
    again.hub.post("policy", "pack1", "balancing_enabled", False)
    save(again, again)
    assert [event[5] for event in again.kept()] == [False]


class _Policies:
    """What the control part has, with its `states`."""


def test_a_policy_is_kept_with_its_reason():
    device = Ruled()
    policy = PolicyState(device.pack, {}, 0)
    policy.is_on, policy.reason = True, "on: always"
    device.control = _Policies()
    device.control.states = [policy]
    for is_on in (True, False):
        device.hub.post("policy", "pack1", "balancing_enabled", is_on)
        device.hub.post("policy", "pack1", "preset", "top")  # preset.py keeps it itself
    save(device, device)
    assert [event[5:] for event in device.kept()] == [[True, "", "on: always"], [False, "", ""]]


def test_the_event_log_is_in_the_order_of_time():
    """Whatever happens, and whatever writes at once; nothing is lost or kept twice."""
    random.seed(29)
    for _ in range(10):
        device, expected = _Anything(), []
        for number in range(10, 50):
            passed_s = random.randint(0, 4)
            device.clock.now_ms += 1000 * passed_s
            device.clock.now_s += passed_s
            expected.append(device.happen(number))
            if random.randint(0, 2) == 0:
                device.tick()
        save(device, device)
        found = [fields for _, fields in read(device, 0)]
        times = [fields[0] for fields in found]
        assert times == sorted(times)
        assert sorted(expected) == sorted([fields[3] for fields in found])


def test_what_the_w_switch_keeps_itself_is_not_kept_again():
    device = Ruled()
    device.tick(EVEN)
    device.hub.post("w", "pack1", "no_answer", 1)
    save(device, device)
    assert device.kept() == []


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


def test_a_command_whose_reading_comes_later_is_no_change_by_something_else():
    device = Ruled()
    device.tick(EVEN)
    device.hub.post("settings", "pack1", "trigger_mv", 12)
    device.tick()  # the reading after the write has yet to come
    device.pack.accepted.trigger_mv = 12
    device.tick(ticks=2)
    device.pack.accepted.trigger_mv = 13
    device.tick(ticks=2)
    assert device.kept() == [["settings", "pack1", "trigger_mv", "other", 12, 13, "changed", ""]]


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
        device.state.states[number] = RAISED
        device.state.cells[number] = 3
    for found in listing(device.state, 0):
        assert found["text"] and found["remedy"], found
