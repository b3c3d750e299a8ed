"""Line breaks, and the word for what a pack is doing."""

from evencell.display.render.prose import detail, key_of, title, troubles, wrap
from evencell.display.render.state import is_balanced, word_of
from evencell.display.text.en import TEXTS
from evencell.pack.status import CHARGING, DISCHARGING, WAITING
from tools.screens.draw import Thing, make_view

SHEET = Thing({"margin": 1, "right": 127, "unit": 6})


def test_an_address_breaks_before_its_port_alone():
    address = "255.255.255.255:65535"
    for columns in range(15, 25):
        assert wrap(SHEET, address, columns) == ([address] if columns >= 21 else ["255.255.255.255", ":65535"])


def test_lines_break_at_words():
    text = "Fuse out, then exchange A and B"
    assert wrap(SHEET, text, 10) == ["Fuse out,", "then", "exchange A", "and B"]
    assert wrap(SHEET, text) == ["Fuse out, then", "exchange A and B"]


def test_a_word_that_is_too_long_is_broken():
    assert wrap(SHEET, "ein Kabelwiderstand", 8) == ["ein", "Kabelwid", "erstand"]


def status(**values) -> Thing:
    usual = {"balance_state": WAITING, "delta_mv": 30, "trigger_mv": 5, "alarms": 0, "balancing_enabled": True}
    return Thing(dict(usual, **values))


def test_word_of_a_pack():
    for word, values in (
        ("waiting", {}),
        ("waiting", {"delta_mv": 8}),
        ("balanced", {"delta_mv": 7}),  # no change with each reading at the trigger
        ("balanced", {"delta_mv": 0}),
        ("balancing", {"delta_mv": 3, "balance_state": CHARGING}),
        ("balancing", {"balance_state": DISCHARGING}),
        ("off", {"delta_mv": 3, "balancing_enabled": False}),
        ("alarm", {"delta_mv": 3, "alarms": 1}),
    ):
        sheet = Thing({"is_old": False, "status": status(**values)})
        assert word_of(sheet)[0] == word, values


def test_a_pack_with_an_alarm_is_not_called_balanced():
    assert not is_balanced(status(delta_mv=3, alarms=1))


def sheet_of(**data) -> Thing:
    """A sheet of a pack with this reading, in English."""
    view = make_view({"packs": [dict({"cells_mv": [3312] * 4}, **data)], "faults": ["a: b"]})
    view.words = TEXTS.get
    return Thing({"view": view, "pack": view.pack, "status": view.pack.accepted, "margin": 1, "right": 239, "unit": 6})


def test_settings_that_break_a_rule_come_last_with_the_recommended_value():
    sheet = sheet_of(trigger_mv=4, capacity_ah=10, rules=["rule:delta"])
    found = troubles(sheet)
    assert found[:2] == ["rule:delta", "config"]
    settings = sorted(found[2:])  # MicroPython's dictionaries have no order
    assert settings == ["set:max_balance_ma", "set:trigger_mv"]
    assert [key_of(sheet, name) for name in settings] == ["max_balance_ma", "trigger_mv"]
    assert [detail(sheet, name) for name in settings] == ["1000 mA", "10 mV"]
    assert title(sheet, "set:trigger_mv") == "trigger too low"  # 10 mV beside it would look like the present one


def test_no_setting_is_named_beside_an_alarm():
    assert "set:trigger_mv" not in troubles(sheet_of(trigger_mv=4, configured=3))


def test_a_cell_count_that_no_such_model_has_is_not_named_like_the_alarm():
    sheet = sheet_of(cells_mv=[3312] * 5, model="jk_b2a4s")
    found = troubles(sheet)
    assert found == ["config", "set:cell_count"]
    assert (key_of(sheet, found[1]), detail(sheet, found[1])) == ("model", "")
