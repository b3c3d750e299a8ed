"""The trend of a pack from the slope of its cells."""

from evencell.control.trend import CHARGING, DISCHARGING, RESTING, SAMPLE_S, Trend
from evencell.pack.status import Status
from host_tests.portable import without_heap

_WINDOW = 30


def _status(cell_mv: int, cells: int = 4):
    status = Status()
    status.sum_mv = cell_mv * cells
    status.cells_connected = cells
    return status


def _trend(voltages_mv, trend=None, start_s=0):
    trend = trend or Trend()
    for i, cell_mv in enumerate(voltages_mv):
        trend.add(_status(cell_mv), start_s + i * SAMPLE_S)
    return trend


def test_nothing_is_known_before_the_window_is_full():
    assert _trend([3300] * (_WINDOW - 1)).kind is None
    assert _trend([3300] * _WINDOW).kind == RESTING


def test_a_rise_is_charging_and_a_fall_discharging():
    assert _trend([3300 + i for i in range(_WINDOW)]).kind == CHARGING
    assert _trend([3400 - i for i in range(_WINDOW)]).kind == DISCHARGING


def test_slope_is_in_tenths_of_a_millivolt_a_minute():
    assert _trend([3300 + i for i in range(_WINDOW)]).slope == 60


def test_gusts_without_a_slope_are_discharging():
    assert _trend([3300 if i % 2 else 3280 for i in range(_WINDOW)]).kind == DISCHARGING


def test_a_trend_ends_below_half_of_the_slope_at_which_it_began():
    rising = [3300 + i // 4 for i in range(_WINDOW)]  # 1.5 mV a minute
    slower = [3307 + i // 8 for i in range(_WINDOW)]  # 0.75
    trend = _trend(rising)
    assert trend.kind == CHARGING
    assert _trend(slower, trend, _WINDOW * SAMPLE_S).kind == CHARGING
    assert _trend([3311] * _WINDOW, trend, 2 * _WINDOW * SAMPLE_S).kind == RESTING
    assert _trend(slower).kind == RESTING


def test_samples_come_every_10_s_at_most():
    trend = Trend()
    for second in range(_WINDOW * SAMPLE_S - SAMPLE_S):
        trend.add(_status(3300), second)
    assert trend.kind is None


def test_a_gap_begins_a_new_window():
    trend = _trend([3300] * _WINDOW)
    trend.add(_status(3300), 10_000)
    assert trend.kind is None


def test_without_a_cell_nothing_is_known():
    trend = _trend([3300] * _WINDOW)
    trend.add(_status(0, 0), _WINDOW * SAMPLE_S)
    assert trend.kind is None


def test_a_sample_takes_no_heap():
    trend = _trend([3300] * _WINDOW)
    status = _status(3301)
    without_heap(lambda: trend.add(status, _WINDOW * SAMPLE_S))
