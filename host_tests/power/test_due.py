"""When a wake reports."""

from evencell.pack.alarms import CELL_VOLTAGE, OVERVOLTAGE
from evencell.pack.low_level import LONGER, RADIO_OFF
from evencell.power.due import is_due, plan_next, plan_retry, sleep_s
from host_tests.power.packs import ReadPack, state_of

NOW_S = 100_000


def reported(**fields):
    """A state whose last report was good, now."""
    state = state_of(ReadPack())
    plan_next(state, NOW_S)
    for name, value in fields.items():
        setattr(state, name, value)
    return state


def test_report_is_due_once_its_interval_has_passed():
    state = reported()
    assert not is_due(state, NOW_S + 21_599, False)
    assert is_due(state, NOW_S + 21_600, False)


def test_a_new_alarm_is_reported_at_once_and_an_old_one_is_not():
    state = reported()
    state.packs[0].alarms = OVERVOLTAGE
    assert is_due(state, NOW_S + 1, False)
    state.packs[0].reported_alarms = OVERVOLTAGE
    assert not is_due(state, NOW_S + 1, False)
    state.packs[0].alarms = OVERVOLTAGE | CELL_VOLTAGE
    assert is_due(state, NOW_S + 1, False)
    state.packs[0].alarms = 0
    assert not is_due(state, NOW_S + 1, False)


def test_a_balancer_that_stopped_answering_is_reported_once():
    state = reported()
    state.packs[0].misses = 2
    assert not is_due(state, NOW_S + 1, False)
    state.packs[0].misses = 3
    assert is_due(state, NOW_S + 1, False)
    state.packs[0].reported_misses = 3
    assert not is_due(state, NOW_S + 1, False)


def test_button_and_want_of_room_ask_for_a_report():
    assert is_due(reported(), NOW_S + 1, True)


def test_after_a_failure_only_its_pause_counts():
    """Else a bad access point would be tried at each wake."""
    state = reported()
    state.packs[0].alarms = OVERVOLTAGE
    pauses_s = []
    for _ in range(8):
        plan_retry(state, NOW_S)
        pauses_s.append(state.report_due_s - NOW_S)
    assert pauses_s == [300, 600, 1200, 2400, 4800, 9600, 19_200, 21_600]
    assert not is_due(state, NOW_S + 21_599, True)
    assert is_due(state, NOW_S + 21_600, False)
    plan_next(state, NOW_S)
    assert is_due(state, NOW_S + 1, False)


def test_failures_of_a_device_that_reports_often_are_retried_each_hour_at_most():
    state = reported(report_s=60)
    for _ in range(12):
        plan_retry(state, NOW_S)
    assert state.report_due_s - NOW_S == 3600


def test_a_rising_level_is_reported_and_then_the_radio_stays_off():
    state = reported(level=RADIO_OFF)
    assert is_due(state, NOW_S + 1, False)
    state.reported_level = RADIO_OFF
    assert not is_due(state, NOW_S + 10 * 86_400, True)


def test_a_recovered_pack_is_reported():
    assert is_due(reported(level=0, reported_level=RADIO_OFF), NOW_S + 1, False)


def test_a_low_pack_reports_half_as_often():
    state = state_of(ReadPack())
    state.level = LONGER
    plan_next(state, NOW_S)
    assert state.report_due_s == NOW_S + 43_200


def test_sleep_ends_in_time_for_the_next_report():
    state = reported(interval_s=3600)
    assert sleep_s(state, NOW_S) == 3600
    assert sleep_s(state, state.report_due_s - 1000) == 1000
    assert sleep_s(state, state.report_due_s - 10) == state.min_s
    plan_retry(state, NOW_S)
    assert sleep_s(state, NOW_S) == 3600
