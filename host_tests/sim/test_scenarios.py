"""Scenarios of a pack's use."""

from random import Random

import pytest

from evencell.protocol.jk_balancer import WIRE_RESISTANCE_BIT
from tools.sim.balancer import Balancer
from tools.sim.chemistry import CHEMISTRIES
from tools.sim.pack import default_pack
from tools.sim.scenarios import SCENARIOS
from tools.sim.supply import IDLE_MA, Supply

_DAY_S = 86_400
_AH = 20


def _running(scenario: str, seed: int = 1) -> Balancer:
    random = Random(seed)
    pack = default_pack(CHEMISTRIES["lfp"], _AH, random)
    pack.use(SCENARIOS[scenario].phases(pack, CHEMISTRIES["lfp"], _AH * 1000, random))
    return Balancer(pack, random, Supply())


def _observed(balancer: Balancer, seconds: int, step_s: int = 60) -> list:
    readings = []
    for _ in range(seconds // step_s):
        balancer.step(step_s)
        readings.append((balancer.pack.current_ma, balancer.reading()))
    return readings


@pytest.mark.parametrize("scenario", ["ride", "charge", "weak_cell"])
def test_cells_stay_within_their_limits(scenario):
    cells_mv = [cell_mv for _, reading in _observed(_running(scenario), _DAY_S) for cell_mv in reading.cells_mv[:4]]
    assert min(cells_mv) > 2500
    assert max(cells_mv) < 3620


def test_a_ride_discharges_with_gusts_and_is_followed_by_rest():
    currents_ma = [current_ma for current_ma, _ in _observed(_running("ride"), 3 * 3600)]
    assert min(currents_ma) < -0.5 * _AH * 1000
    assert 0.0 in currents_ma


def test_a_charge_tapers_at_the_end():
    currents_ma = [current_ma for current_ma, _ in _observed(_running("charge"), 4 * 3600)]
    assert max(currents_ma) == _AH * 1000 / 4
    assert any(0 < current_ma < _AH * 1000 / 4 for current_ma in currents_ma)


def test_in_storage_the_balancers_own_current_empties_the_pack():
    balancer = _running("storage")
    before = sum(cell.charge_as for cell in balancer.pack.cells)
    leakage_ma = sum(cell.leakage_ma for cell in balancer.pack.cells)
    balancer.step(_DAY_S)
    lost_mah = (before - sum(cell.charge_as for cell in balancer.pack.cells)) / 3.6
    assert lost_mah - leakage_ma * 24 > 4 * IDLE_MA * 24 * 0.95


def test_a_weak_cell_is_the_lowest_at_the_end_of_a_ride():
    readings = _observed(_running("weak_cell"), 40 * 60)
    assert readings[-2][1].frame_lowest_index == 2


def test_a_loose_lead_is_alarmed_and_shifts_two_cells():
    balancer = _running("wire_comes_loose")
    balancer.step(300)
    assert not balancer.reading().alarms_raw
    balancer.step(2 * 3600)
    reading = balancer.reading()
    assert reading.alarms_raw & WIRE_RESISTANCE_BIT
    assert reading.cells_mv[2] - reading.cells_mv[1] > 10
