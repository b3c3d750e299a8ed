"""When the display is bright, dim or off. Time is given, so a day takes no time."""

from evencell.clock.span import is_within
from evencell.display.light import OFF, Light, shift

HOUR_S = 3_600


def settings(**changes) -> dict:
    wanted = {
        "brightness": 80,
        "dim_after_s": 60,
        "off_after_s": 300,
        "saver_after_s": HOUR_S,
        "night": None,
        "night_brightness": 10,
    }
    wanted.update(changes)
    return wanted


def test_display_dims_then_switches_off():
    light = Light(settings(), 1_000)
    levels = [light.level(1_000 + after_s) for after_s in (0, 59, 60, 299, 300, 86_400)]
    assert levels == [80, 80, 20, 20, OFF, OFF]


def test_wake_restarts_the_timers():
    light = Light(settings(), 0)
    assert light.level(500) == OFF
    light.wake(500)
    assert light.level(500) == light.level(559) == 80
    assert light.level(560) == 20


def test_a_time_of_0_means_never():
    light = Light(settings(dim_after_s=0, off_after_s=0, saver_after_s=0), 0)
    assert light.level(10**6) == 80
    assert not light.is_saver_due(10**6)


def test_off_works_without_dimming():
    light = Light(settings(dim_after_s=0), 0)
    assert [light.level(299), light.level(300)] == [80, OFF]


def test_switched_off_by_button_stays_off_until_wake():
    light = Light(settings(off_after_s=0, dim_after_s=0), 0)
    light.switch_off()
    assert light.level(1) == light.level(10**6) == OFF
    light.wake(10**6)
    assert light.level(10**6) == 80


def test_the_screensaver_is_for_a_display_that_never_goes_off():
    light = Light(settings(off_after_s=0), 0)
    assert not light.is_saver_due(HOUR_S - 1)
    assert light.is_saver_due(HOUR_S)
    light.wake(HOUR_S)
    assert not light.is_saver_due(HOUR_S + 1)


def test_the_night_is_dimmer_where_the_time_is_known():
    light = Light(settings(night=["22:00", "06:00"]), 0)
    at = {"21:59": 80, "22:00": 10, "00:00": 10, "05:59": 10, "06:00": 80, "12:00": 80}
    for time, level in at.items():
        hours, minutes = time.split(":")
        assert light.level(0, int(hours) * 60 + int(minutes)) == level
    assert light.level(0) == 80
    assert light.level(60, 0) == 2


def test_night_brightness_is_an_upper_limit():
    assert Light(settings(night=["22:00", "06:00"], brightness=5), 0).level(0, 0) == 5


def test_a_span_within_a_day_and_an_empty_one():
    assert is_within(13 * 60, ["12:30", "14:00"])
    assert not is_within(14 * 60, ["12:30", "14:00"])
    assert not any(is_within(minute, ["07:00", "07:00"]) for minute in range(1_440))


def test_the_menu_changes_the_brightness_at_once():
    chosen = settings()
    light = Light(chosen, 0)
    chosen["brightness"] = 40
    assert light.level(0) == 40


def test_rise_of_50_mv_is_reported_once():
    light = Light(settings(), 0)
    assert [light.has_risen(0, mv) for mv in (13_200, 13_240, 13_250, 13_260, 13_290, 13_300)] == [
        False,
        False,
        True,
        False,
        False,
        True,
    ]


def test_rise_counts_from_the_lowest_voltage():
    light = Light(settings(), 0)
    assert [light.has_risen(0, mv) for mv in (13_200, 12_400, 12_440, 12_450)] == [False, False, False, True]


def test_small_fluctuations_are_no_rise():
    light = Light(settings(), 0)
    assert not any(light.has_risen(0, 13_200 + 10 * (step % 5)) for step in range(1_000))


def test_rise_is_tracked_per_pack():
    light = Light(settings(), 0)
    assert not light.has_risen(0, 13_200)
    assert not light.has_risen(1, 26_000)
    assert not light.has_risen(0, 13_200)
    assert light.has_risen(1, 26_050)


def test_the_picture_moves_every_minute_and_comes_back():
    places = [tuple(map(int, shift(minute * 60))) for minute in range(5)]
    assert places == [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]
    assert shift(59) == shift(0)


def test_while_a_pack_is_low_it_is_off_after_half_a_minute_even_where_it_never_is():
    for after_s in (0, 300):
        light = Light(settings(off_after_s=after_s), 0)
        assert [light.level(29, None, True), light.level(30, None, True), light.level(30)] == [80, OFF, 80]
    light = Light(settings(off_after_s=10), 0)
    assert light.level(10, None, True) == OFF
    light.wake(100)
    assert light.level(101, None, True) == 80
