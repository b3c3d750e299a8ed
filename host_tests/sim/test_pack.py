"""Curves, cells and packs without a balancer."""

from itertools import pairwise
from random import Random

import pytest

from tools.sim.chemistry import CHEMISTRIES
from tools.sim.pack import Cell, Pack, default_pack, fixed_pack
from tools.sim.usage import daily_use

CAPACITY_AH = 20
HOUR_S = 3600


@pytest.fixture(params=CHEMISTRIES)
def chemistry(request):
    return CHEMISTRIES[request.param]


def test_curves_rise_everywhere(chemistry):
    voltages_mv = [chemistry.ocv_mv(permille / 1000) for permille in range(-100, 1101)]
    assert all(lower < higher for lower, higher in pairwise(voltages_mv))


def test_curves_can_be_read_both_ways(chemistry):
    for voltage_mv in range(5001):
        assert chemistry.ocv_mv(chemistry.soc(voltage_mv)) == pytest.approx(voltage_mv, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "empty_mv", "full_mv"), [("lfp", 2500, 3600), ("nmc", 3000, 4200), ("lto", 1800, 2800)]
)
def test_ends_of_the_curves(name, empty_mv, full_mv):
    assert CHEMISTRIES[name].ocv_mv(0) == empty_mv
    assert CHEMISTRIES[name].ocv_mv(1) == full_mv


def test_lfp_is_flat_with_steep_ends():
    lfp = CHEMISTRIES["lfp"]
    assert 3200 <= lfp.ocv_mv(0.15) < lfp.ocv_mv(0.95) <= 3350
    assert lfp.ocv_mv(0.05) - lfp.ocv_mv(0) > 400
    assert lfp.ocv_mv(1) - lfp.ocv_mv(0.97) > 200


def test_cell_counts_its_charge(chemistry):
    cell = Cell(chemistry, capacity_ah=10, resistance_mohm=5, soc=0.5)
    cell.move(HOUR_S)
    assert cell.soc == pytest.approx(0.6)
    assert cell.charge_as == pytest.approx(6 * HOUR_S)


def test_inner_resistance_shows_under_load(chemistry):
    cell = Cell(chemistry, capacity_ah=10, resistance_mohm=5, soc=0.5)
    assert cell.terminal_mv(2000) - cell.terminal_mv(0) == pytest.approx(10)
    assert cell.terminal_mv(-2000) - cell.terminal_mv(0) == pytest.approx(-10)


def test_pack_current_follows_its_phases():
    cell = Cell(CHEMISTRIES["nmc"], capacity_ah=1, resistance_mohm=5, soc=0.5)
    pack = Pack([cell])
    pack.use(iter([(2, 1000), (1, -500), (1, 0)]))
    currents_ma = []
    for _ in range(4):
        pack.step(1)
        currents_ma.append(pack.current_ma)
    assert currents_ma == [1000, 1000, -500, 0]
    assert cell.charge_as == pytest.approx(HOUR_S / 2 + 1 + 1 - 0.5)


@pytest.mark.parametrize("seed", range(20))
def test_default_pack_is_out_of_balance(chemistry, seed):
    pack = default_pack(chemistry, CAPACITY_AH, Random(seed))
    voltages_mv = pack.terminals_mv()
    assert len(voltages_mv) == 4
    assert 20 <= max(voltages_mv) - min(voltages_mv) <= 60


def test_no_two_cells_are_alike(chemistry):
    cells = default_pack(chemistry, CAPACITY_AH, Random(1)).cells
    for name in ("capacity_ah", "resistance_mohm", "leakage_ma"):
        assert len({getattr(cell, name) for cell in cells}) == 4
    assert all(cell.capacity_ah == pytest.approx(CAPACITY_AH, rel=0.03) for cell in cells)


def test_fixed_pack_keeps_its_voltages(chemistry):
    cells_mv = [0, 1, 999, 2500, 3301, 4200, 5000]
    pack = fixed_pack(chemistry, CAPACITY_AH, cells_mv, Random(1))
    for _ in range(100):
        pack.step(HOUR_S)
    assert [round(voltage_mv) for voltage_mv in pack.terminals_mv()] == cells_mv


@pytest.mark.parametrize("capacity_ah", [2, 20, 280])
def test_use_stays_within_the_cells_limits(chemistry, capacity_ah):
    pack = default_pack(chemistry, capacity_ah, Random(1))
    pack.use(daily_use(pack, chemistry, capacity_ah, Random(1)))
    currents_ma = set()
    for _ in range(6 * HOUR_S):
        pack.step(1)
        currents_ma.add(pack.current_ma)
        assert chemistry.empty_mv - 100 < min(pack.terminals_mv())
        assert max(pack.terminals_mv()) < chemistry.full_mv + 100
    assert min(currents_ma) < 0 < max(currents_ma)
    assert 0 in currents_ma


def test_same_seed_gives_the_same_day(chemistry):
    def voltages_mv(seed):
        pack = default_pack(chemistry, CAPACITY_AH, Random(seed))
        pack.use(daily_use(pack, chemistry, CAPACITY_AH, Random(seed)))
        for _ in range(HOUR_S):
            pack.step(1)
        return pack.terminals_mv()

    assert voltages_mv(1) == voltages_mv(1) != voltages_mv(2)
