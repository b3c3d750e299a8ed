"""What is summed up of readings, and that it takes no heap."""

from evencell.history.recorder import BALANCING_S, HEAD, OBSERVED_S, READINGS, row_at
from evencell.protocol.jk_balancer import CHARGING_LOWEST, DISCHARGING_HIGHEST
from host_tests.history.history_helpers import history_of, reading, rows_of
from host_tests.portable import without_heap

NOTHING = (0, 0, 0)


def health_of(history) -> list:
    """(lowest s, highest s, given, taken in 0.1 mAh) of every cell."""
    values = list(history.record)[HEAD : HEAD + 4 * history.cells]
    return [tuple(values[4 * cell : 4 * cell + 4]) for cell in range(history.cells)]


def test_minimum_maximum_and_mean_of_each_minute():
    history = history_of(2)
    for second, first_mv, second_mv in ((0, 3300, 3310), (30, 3301, 3308), (59, 3303, 3311), (60, 3290, 3320)):
        history.add(reading([first_mv, second_mv]), second * 1000)
    rows = rows_of(history.record, 2)
    assert rows[0] == [(3300, 3303, 33013), (3308, 3311, 33096)]  # the tenths are rounded down
    assert rows[1] == [(3290, 3290, 32900), (3320, 3320, 33200)]
    assert rows[2:] == [[NOTHING, NOTHING]] * 13
    assert history.record[READINGS] == 4


def test_from_2_to_24_cells_are_distinguished():
    for cells in (2, 3, 4, 13, 24):
        history = history_of(cells)
        for minute in range(15):
            history.add(reading([3000 + 10 * minute + cell for cell in range(cells)]), minute * 60_000)
        for minute, row in enumerate(rows_of(history.record, cells)):
            voltages = [3000 + 10 * minute + cell for cell in range(cells)]
            assert row == [(mv, mv, 10 * mv) for mv in voltages]
        assert len(history.record) == row_at(15, cells)


def test_a_missing_cell_leaves_its_place_empty_and_counts_in_no_mean():
    history = history_of(3)
    history.add(reading([3300, 0, 3310]), 0)
    history.add(reading([3300, 3305, 3310]), 1000)
    history.add(reading([3300, 0, 3310]), 60_000)
    rows = rows_of(history.record, 3)
    assert rows[0][1] == (3305, 3305, 33050)
    assert rows[1] == [(3300, 3300, 33000), NOTHING, (3310, 3310, 33100)]


def test_no_cell_at_all_is_no_time_observed():
    history = history_of(2)
    history.add(reading([0, 0]), 0)
    history.add(reading([0, 0]), 5000)
    assert history.record[OBSERVED_S] == 0
    assert rows_of(history.record, 2)[0] == [NOTHING, NOTHING]


def test_a_new_15_minutes_begin_empty_and_the_time_goes_on():
    history = history_of(2, start=7)
    history.add(reading([3300, 3310]), 899_500)
    history.begin(1)
    history.add(reading([3300, 3310]), 900_500)
    assert rows_of(history.record, 2)[0] == [(3300, 3300, 33000), (3310, 3310, 33100)]
    assert list(history.record)[:5] == [900, 0, 0, 0, 7]
    assert history.record[OBSERVED_S] == 1


def test_uptime_has_32_bits():
    history = history_of(2)
    history.begin(100_000)
    assert history.record[0] | history.record[1] << 16 == 90_000_000


def test_a_reading_stands_for_the_time_since_the_one_before():
    history = history_of(2)
    for milliseconds in range(0, 10_000, 300):  # 34 readings, 9.9 s
        history.add(reading([3300, 3310]), milliseconds)
    assert history.record[OBSERVED_S] == 9
    assert health_of(history) == [(9, 0, 0, 0), (0, 9, 0, 0)]


def test_time_without_readings_is_not_observed():
    for interval_ms, most_s in ((0, 10), (1000, 10), (20_000, 40), (600_000, 60)):
        history = history_of(2, interval_ms=interval_ms)
        history.add(reading([3300, 3310]), 0)
        history.add(reading([3300, 3310]), 800_000)
        assert history.record[OBSERVED_S] == most_s


def test_cells_nearer_than_the_accuracy_are_equal():
    history = history_of(2)
    history.add(reading([3300, 3304]), 0)
    history.add(reading([3300, 3304]), 3000)
    assert health_of(history) == [(0, 0, 0, 0), (0, 0, 0, 0)]
    history.add(reading([3300, 3305]), 5000)
    assert health_of(history) == [(2, 0, 0, 0), (0, 2, 0, 0)]
    assert history.record[OBSERVED_S] == 5


def test_charge_is_what_balancing_carried_to_the_lowest_and_from_the_highest():
    history = history_of(2)
    for second in range(361):
        state = CHARGING_LOWEST if second <= 180 else DISCHARGING_HIGHEST
        history.add(reading([3300, 3310], state, 2000), second * 1000)
    # 180 s of 2 A are 100 mAh
    assert health_of(history) == [(360, 0, 1000, 0), (0, 360, 0, 1000)]
    assert history.record[BALANCING_S] == 360


def test_what_is_less_than_a_tenth_of_a_milliampere_hour_is_not_lost():
    history = history_of(2)
    given = []
    for window in range(4):
        history.begin(window)
        for second in range(900 * window, 900 * (window + 1), 10):
            history.add(reading([3300, 3310], CHARGING_LOWEST, 1), second * 1000)
        given.append(health_of(history)[0][2])
    assert given == [2, 2, 3, 2]  # 3,590 s of 1 mA are 0.997 mAh


def test_nothing_overflows():
    history = history_of(24)
    status = reading([65_535] * 23 + [1], CHARGING_LOWEST, 65_535)
    for second in range(0, 900, 10):
        history.add(status, second * 1000)
    rows = rows_of(history.record, 24)
    assert rows[14][0] == (65_535, 65_535, 65_535)
    assert health_of(history)[23][2] == 65_535


def test_adding_a_reading_allocates_nothing():
    history = history_of(24)
    readings = [reading([3300 + cell for cell in range(24)], state, 2000) for state in (0, 1, 2)]

    def add():
        for second in range(890):
            history.add(readings[second % 3], second * 1000)

    without_heap(add)
