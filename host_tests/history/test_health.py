"""The figures that tell which cell is dying, from records made by hand."""

import json
from array import array

from evencell.history.health import Health
from evencell.history.health_report import drifting_cells, pieces
from evencell.history.recorder import BALANCING_S, HEAD, OBSERVED_S, row_at
from evencell.history.store import REST_BITS, ROWS

CELLS = 4
DAY_S = 86_400
MIDNIGHT_S = 1_789_948_800
LOWEST, HIGHEST, GIVEN, TAKEN = 0, 1, 2, 3


def record(cells_dmv, rest_bits: int = 0, observed_s: int = 7200, balancing_s: int = 0, sums=()):
    """Two hours; `sums` are (cell, kind, value)."""
    made = array("H", bytes(2 * row_at(ROWS, len(cells_dmv))))
    made[OBSERVED_S], made[BALANCING_S], made[REST_BITS] = observed_s, balancing_s, rest_bits
    for cell, kind, value in sums:
        made[HEAD + 4 * cell + kind] = value
    for row in range(ROWS):
        for cell, mean in enumerate(cells_dmv):
            at = row_at(row, len(cells_dmv)) + 3 * cell
            made[at], made[at + 1], made[at + 2] = mean // 10, mean // 10, mean
    return made


def of(health: Health) -> dict:
    return json.loads("".join(pieces(health)))


def drifting(days: int, cells_of_day, **options) -> dict:
    """Figures of so many days, 12 records of two hours each, at rest all the time."""
    health = Health(CELLS)
    for day in range(days):
        for part in range(12):
            health.add(record(cells_of_day(day), 0xFF, **options), MIDNIGHT_S + day * DAY_S + part * 7200)
    return of(health)


def test_shares_charge_and_energy():
    health = Health(2)
    sums = ((0, LOWEST, 3600), (1, HIGHEST, 1800), (0, GIVEN, 2000), (1, TAKEN, 2500))
    for _ in range(2):
        health.add(record((33_000, 34_000), balancing_s=720, sums=sums), None)
    figures = of(health)
    assert (figures["observed_s"], figures["balancing_s"]) == (14_400, 1440)
    assert (figures["given_mah"], figures["taken_mah"]) == (400.0, 500.0)
    assert figures["taken_mwh"] == 1700.0  # 500 mAh at 3.4 V
    assert [(cell["lowest_percent"], cell["highest_percent"]) for cell in figures["cells"]] == [(50, 0), (0, 25)]
    assert [(cell["given_mah"], cell["taken_mah"]) for cell in figures["cells"]] == [(400.0, 0.0), (0.0, 500.0)]


def test_a_drift_is_the_slope_of_the_distance_from_the_average():
    figures = drifting(10, lambda day: (33_000, 33_000, 33_000 - 16 * day, 33_000))
    drifts = [cell["drift_mv_per_day"] for cell in figures["cells"]]
    assert [round(drift, 1) for drift in drifts] == [0.4, 0.4, -1.2, 0.4]
    assert figures["rest_days"] == 10
    assert figures["cells"][2]["drift_error_mv_per_day"] < 0.05
    assert figures["weakest_cell"] == 3
    assert figures["verdict"] == "Cell 3 drifts −1.2 mV a day: only one sign, keep an eye on it."


def test_drifting_cells_are_those_of_the_verdict():
    for fall_dmv, found in ((16, [3]), (4, [])):
        health = Health(CELLS)
        for day in range(10):
            for part in range(12):
                made = record((33_000, 33_000, 33_000 - fall_dmv * day, 33_000), 0xFF)
                health.add(made, MIDNIGHT_S + day * DAY_S + part * 7200)
        assert drifting_cells(health) == found


def test_the_pack_as_a_whole_may_rise_and_fall():
    figures = drifting(10, lambda day: [33_000 + 300 * (day % 3)] * CELLS)
    assert [cell["drift_mv_per_day"] for cell in figures["cells"]] == [0.0] * CELLS
    assert figures["verdict"] == "No cell stands out."
    assert figures["weakest_cell"] is None


def test_two_signs_make_a_weakest_cell():
    sums = ((2, LOWEST, 6552),)
    figures = drifting(10, lambda day: (33_000, 33_000, 33_000 - 16 * day, 33_000), sums=sums)
    assert figures["verdict"] == (
        "Cell 3 drifts −1.2 mV a day and was the lowest in 91 % of the time: probably the weakest cell."
    )


def test_drift_below_its_error_is_no_sign():
    noise = (0, 9, -7, 12, -15, 4, -9, 14, -3, 8)
    figures = drifting(10, lambda day: (33_000, 33_000, 33_000 + 10 * noise[day] - 14 * day, 33_000))
    third = figures["cells"][2]
    assert third["drift_mv_per_day"] < -0.5 and third["drift_error_mv_per_day"] > 0.25
    assert figures["weakest_cell"] is None


def test_too_few_days_of_rest_make_no_drift():
    figures = drifting(4, lambda day: (33_000, 33_000, 33_000 - 16 * day, 33_000))
    assert figures["rest_days"] == 4
    assert [cell["drift_mv_per_day"] for cell in figures["cells"]] == [None] * CELLS


def test_days_without_rest_or_time_and_rows_with_a_missing_cell_count_for_no_drift():
    health = Health(CELLS)
    for day in range(6):
        start_s = MIDNIGHT_S + day * DAY_S
        health.add(record((33_000, 33_000, 33_000 - 10 * day, 33_000), 0xFF), start_s)
        health.add(record((33_000, 33_000, 20_000, 33_000), 0), start_s)
        health.add(record((33_000, 33_000, 20_000, 33_000), 0xFF), None)
        health.add(record((33_000, 33_000, 0, 33_000), 0xFF), start_s)
    health.add(record((33_000, 33_000, 20_000, 33_000), 0b111), MIDNIGHT_S + 6 * DAY_S)
    figures = of(health)
    assert figures["rest_days"] == 6
    assert round(figures["cells"][2]["drift_mv_per_day"], 2) == -0.75


def test_cell_that_received_most_charge_is_named():
    # 300 mAh a day, two thirds of them to cell 2
    sums = ((1, GIVEN, 167), (0, GIVEN, 83), (3, TAKEN, 290))
    figures = drifting(2, lambda _day: (33_000,) * CELLS, sums=sums)
    assert (
        figures["verdict"]
        == "Cell 2 received 66 % of the charge that balancing moved into cells: only one sign, keep an eye on it."
    )
    little = drifting(2, lambda _day: (33_000,) * CELLS, sums=((1, GIVEN, 8),))
    assert little["verdict"] == "No cell stands out."


def test_cell_that_is_lowest_and_highest_has_a_resistance():
    figures = drifting(2, lambda _day: (33_000,) * CELLS, sums=((1, LOWEST, 3000), (1, HIGHEST, 2000)))
    assert figures["weakest_cell"] == 2
    assert figures["verdict"].startswith(
        "Cell 2 was the lowest in 41 % and the highest in 27 % of the time: its voltage drops"
    )


def test_no_verdict_before_24_hours():
    health = Health(CELLS)
    assert of(health)["verdict"] == "Not enough data for a verdict: 0 of 24 hours."
    for _ in range(3):
        health.add(record((33_000,) * CELLS, sums=((1, LOWEST, 7200),)), MIDNIGHT_S)
    figures = of(health)
    assert figures["verdict"] == "Not enough data for a verdict: 6 of 24 hours."
    assert figures["weakest_cell"] is None


def test_a_month_of_24_cells():
    health = Health(24)
    means = [33_000 + 37 * cell for cell in range(24)]
    for number in range(360):
        sums = [(cell, kind, 7200) for cell in range(24) for kind in range(4)]
        health.add(record(means, 0xFF, sums=sums), MIDNIGHT_S + number * 7200)
    figures = of(health)
    assert len(figures["cells"]) == 24
    assert figures["given_mah"] == 24 * 360 * 720
    assert {cell["drift_mv_per_day"] for cell in figures["cells"]} == {0.0}
