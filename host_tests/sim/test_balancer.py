"""What the balancer decides, and that charge never comes from nowhere."""

from itertools import pairwise
from random import Random

import pytest

from evencell.protocol.jk_balancer import CELL_COUNT_BIT, CELL_SLOTS, CHARGING_LOWEST, DISCHARGING_HIGHEST
from evencell.protocol.jk_settings import MODELS, SETTINGS, setting_range
from tools.sim.balancer import CAPACITOR_AS, EFFICIENCY, TICK_S, Balancer
from tools.sim.chemistry import CHEMISTRIES
from tools.sim.pack import default_pack, fixed_pack
from tools.sim.usage import daily_use

LFP = CHEMISTRIES["lfp"]
NMC = CHEMISTRIES["nmc"]
HOUR_S = 3600
DAY_S = 24 * HOUR_S
# So large that balancing moves no millivolt within a test.
HUGE_AH = 1e6


def fixed(*cells_mv, capacity_ah=20, chemistry=NMC) -> Balancer:
    return Balancer(fixed_pack(chemistry, capacity_ah, cells_mv, Random(1)))


def default(seed=1, chemistry=LFP) -> Balancer:
    random = Random(seed)
    pack = default_pack(chemistry, 20, random)
    pack.use(daily_use(pack, chemistry, 20, random))
    return Balancer(pack, noise=random)


def charges_as(balancer) -> list[float]:
    return [cell.charge_as for cell in balancer.pack.cells]


def test_charge_is_conserved_but_for_the_losses():
    balancer = fixed(3700, 3650, 3690, 3720)
    before_as = charges_as(balancer)
    balancer.step(3600)
    moved_as = [after - before for before, after in zip(before_as, charges_as(balancer), strict=True)]
    taken_as = -sum(moved for moved in moved_as if moved < 0)
    given_as = sum(moved for moved in moved_as if moved > 0)
    assert taken_as > 1000
    assert given_as == pytest.approx((taken_as - balancer.capacitor_as) * EFFICIENCY)


def test_charge_goes_from_the_highest_cell_to_the_lowest():
    balancer = fixed(3700, 3650, 3690, 3720)
    before_as = charges_as(balancer)
    balancer.step(60)
    moved_as = [after - before for before, after in zip(before_as, charges_as(balancer), strict=True)]
    assert moved_as[1] > 0 > moved_as[3]
    assert moved_as[0] == moved_as[2] == 0


def test_turns_alternate_at_the_set_current():
    balancer = fixed(3700, 3600, 3700, 3700, capacity_ah=HUGE_AH)
    turn_s = int(CAPACITOR_AS / 2)
    states = []
    for _ in range(3 * turn_s):
        states.append(balancer.reading().balance_raw)
        assert balancer.reading().balance_ma == 2000
        assert 0 <= balancer.capacitor_as <= CAPACITOR_AS
        balancer.step(1)
    assert states == [DISCHARGING_HIGHEST] * turn_s + [CHARGING_LOWEST] * turn_s + [DISCHARGING_HIGHEST] * turn_s


def test_smaller_current_moves_less():
    fast, slow = fixed(3700, 3600, 3700, 3700), fixed(3700, 3600, 3700, 3700)
    slow.write("max_balance_ma", 300)
    fast.step(5)
    slow.step(5)
    assert fast.capacitor_as == pytest.approx(10)
    assert slow.capacitor_as == pytest.approx(1.5)
    assert slow.reading().balance_ma == 300


def test_balancing_starts_above_the_trigger_and_ends_below_it():
    balancer = fixed(3700, 3690, 3695, 3695, capacity_ah=HUGE_AH)
    states = []
    for trigger_mv in (11, 10, 9, 10, 11, 10):
        balancer.write("trigger_mv", trigger_mv)
        balancer.step(TICK_S)
        states.append(balancer.reading().balance_raw != 0)
    assert states == [False, False, True, True, False, False]


@pytest.mark.parametrize("chemistry", CHEMISTRIES.values())
def test_delta_shrinks_below_the_trigger_and_stays(chemistry):
    middle_mv = chemistry.start_mv
    balancer = fixed(middle_mv + 25, middle_mv - 20, middle_mv, middle_mv + 5, chemistry=chemistry)
    deltas_mv = []
    for _ in range(HOUR_S // 10):
        balancer.step(60)
        deltas_mv.append(balancer.reading().frame_delta_mv)
    assert all(later <= earlier for earlier, later in pairwise(deltas_mv))
    assert deltas_mv[-1] < balancer.settings["trigger_mv"]
    assert balancer.reading().balance_raw == balancer.reading().balance_ma == 0


@pytest.mark.parametrize("seed", range(5))
def test_default_pack_comes_into_balance_within_minutes(seed):
    balancer = default(seed)
    start_mv = balancer.reading().frame_delta_mv
    assert balancer.reading().balance_raw == DISCHARGING_HIGHEST
    balancer.step(60)
    assert balancer.reading().frame_delta_mv < start_mv - 10
    balancer.step(540)
    assert balancer.reading().frame_delta_mv < start_mv / 3


def test_day_of_use_keeps_balancing():
    balancer = default()
    at_work = 0
    for _ in range(DAY_S // 60):
        balancer.step(60)
        reading = balancer.reading()
        at_work += reading.balance_raw != 0
        assert reading.frame_delta_mv < 60
    assert 0 < at_work < DAY_S // 60


def test_no_charge_moves_while_switched_off():
    balancer = fixed(3700, 3600, 3700, 3700)
    balancer.step(5)
    assert balancer.write("balancing_enabled", 0) == 0
    reading = balancer.reading()
    assert (reading.balance_raw, reading.balance_ma, reading.balancing_raw) == (0, 0, 0)
    before_as = charges_as(balancer)
    balancer.step(3600)
    assert charges_as(balancer) == before_as
    balancer.write("balancing_enabled", 1)
    assert balancer.reading().balance_ma == 2000


def test_wrong_cell_count_is_alarmed_and_stops_it():
    balancer = fixed(*[3700] * 7, 3600)
    assert balancer.reading().alarms_raw == 0
    balancer.write("cell_count", 9)
    reading = balancer.reading()
    assert (reading.cells_detected, reading.cells_configured) == (8, 9)
    assert reading.alarms_raw == CELL_COUNT_BIT
    assert reading.balance_raw == 0


def test_cell_without_voltage_is_not_detected():
    reading = fixed(3313, 3312, 3314, 0).reading()
    assert (reading.cells_detected, reading.cells_configured) == (3, 4)
    assert (reading.frame_highest_index, reading.frame_lowest_index, reading.frame_delta_mv) == (2, 1, 2)
    assert (reading.pack_mv, reading.frame_average_mv) == (9940, 3313)


def test_no_cell_at_all_is_a_reading_too():
    reading = fixed(0, 0).reading()
    assert (reading.cells_detected, reading.pack_mv, reading.frame_delta_mv) == (0, 0, 0)


def test_summary_is_that_of_the_cells():
    reading = fixed(3301, 3305, 3299, 3305).reading()
    assert list(reading.cells_mv) == [3301, 3305, 3299, 3305] + [0] * (CELL_SLOTS - 4)
    assert (reading.frame_highest_index, reading.frame_lowest_index) == (1, 2)
    assert (reading.pack_mv, reading.frame_average_mv, reading.frame_delta_mv) == (13210, 3302, 6)


def test_noise_is_at_most_a_millivolt():
    balancer = Balancer(fixed_pack(NMC, 20, [3700] * 4, Random(1)), noise=Random(1))
    seen_mv = set()
    for _ in range(200):
        balancer.step(TICK_S)
        seen_mv.update(balancer.reading().cells_mv[:4])
    assert seen_mv == {3699, 3700, 3701}


def test_balancing_warms_the_balancer():
    balancer = fixed(3700, 3600, 3700, 3700, capacity_ah=HUGE_AH)
    cold = balancer.reading().temperature_raw
    balancer.step(1800)
    warm = balancer.reading().temperature_raw
    assert cold + 100 < warm < 500
    balancer.write("balancing_enabled", 0)
    balancer.step(1800)
    assert cold <= balancer.reading().temperature_raw < warm - 100


def test_steps_of_any_length_give_the_same_day():
    one, many = default(), default()
    one.step(1200)
    for _ in range(4800):
        many.step(0.25)
    assert one.reading() == many.reading()


def out_of_range_and_in():
    """Cell count, setting, value, and whether a balancer for so many cells takes it."""
    for cells, model in ((4, "jk_b2a4s"), (8, "jk_b2a24s")):
        for setting in SETTINGS:
            lowest, highest = setting_range(model, setting)
            for value in {lowest, highest, (lowest + highest) // 2}:
                yield cells, setting, value, True
            for value in {lowest - 1, highest + 1, 0xFFFF} - {-1}:
                yield cells, setting, value, False


@pytest.mark.parametrize(("cells", "setting", "value", "taken"), list(out_of_range_and_in()))
def test_write_in_range_is_taken_and_another_is_not(cells, setting, value, taken):
    balancer = fixed(*[3700] * cells)
    before = dict(balancer.settings)
    active = balancer.write(setting, value)
    assert active == (value if taken else before[setting])
    assert balancer.settings == before | {setting: active}


def test_model_follows_from_the_cell_count():
    assert fixed(*[3700] * 4).model == "jk_b2a4s"
    assert fixed(*[3700] * 5).model == "jk_b2a24s"
    assert {"jk_b2a4s", "jk_b2a24s"} < set(MODELS)
