"""Line breaks, and the word for what a pack is doing."""

from evencell.display.render.prose import wrap
from evencell.display.render.state import is_balanced, word_of
from evencell.pack.status import CHARGING, DISCHARGING, WAITING
from tools.screens.draw import Thing

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
