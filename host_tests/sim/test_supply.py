"""The balancer's supply and its pin W."""

import os
from random import Random

import pytest

from tools.sim.answers import SimulatedBalancer
from tools.sim.balancer import TICK_S, Balancer
from tools.sim.chemistry import CHEMISTRIES
from tools.sim.pack import fixed_pack
from tools.sim.supply import IDLE_MA, START_S, WORKING_MA, Supply, WLine

_READ = bytes.fromhex("55aa01ff0000ff")


@pytest.fixture
def pipe(tmp_path):
    return str(tmp_path / "w")


def _balancer(supply: Supply, cells_mv=(3300, 3300, 3300, 3300)) -> Balancer:
    return Balancer(fixed_pack(CHEMISTRIES["lfp"], 20, cells_mv, Random(1)), supply=supply)


@pytest.mark.parametrize("resistor_on", [True, False])
def test_w_follows_the_firmware_and_the_resistor_once_that_is_gone(pipe, resistor_on):
    w = WLine(pipe, resistor_on)
    assert w.is_on() == resistor_on
    firmware = os.open(pipe, os.O_WRONLY)
    os.write(firmware, b"0" if resistor_on else b"1")
    assert w.is_on() != resistor_on
    assert w.is_on() != resistor_on
    os.close(firmware)
    assert w.is_on() == resistor_on
    w.close()
    assert not os.path.exists(pipe)


def test_what_was_written_just_before_the_firmware_ended_counts_no_more(pipe):
    w = WLine(pipe, False)
    firmware = os.open(pipe, os.O_WRONLY)
    os.write(firmware, b"1")
    os.close(firmware)
    assert not w.is_on()


def test_the_last_of_several_levels_counts(pipe):
    w = WLine(pipe, True)
    firmware = os.open(pipe, os.O_WRONLY)
    os.write(firmware, b"10\n10\n")
    assert not w.is_on()
    os.close(firmware)


def test_a_balancer_without_supply_answers_nothing_and_starts_anew(pipe):
    w = WLine(pipe, True)
    balancer = _balancer(Supply(w), (3400, 3300, 3300, 3300))
    device = SimulatedBalancer(balancer, 1, clock=lambda: 0.0)
    assert device.answer(_READ)
    firmware = os.open(pipe, os.O_WRONLY)
    os.write(firmware, b"0")
    balancer.step(TICK_S)
    assert device.answer(_READ) is None
    os.write(firmware, b"1")
    balancer.step(TICK_S)
    assert device.answer(_READ) is None
    balancer.step(START_S)
    assert device.answer(_READ)
    os.close(firmware)


@pytest.mark.parametrize(
    ("cells_mv", "current_ma"), [((3300, 3300, 3300, 3300), IDLE_MA), ((3400, 3300, 3300, 3300), WORKING_MA)]
)
def test_the_supply_current_comes_from_every_cell(cells_mv, current_ma):
    balancer = _balancer(Supply(), cells_mv)
    balancer.settings["max_balance_ma"] = 0  # nothing else moves charge
    before = [cell.charge_as for cell in balancer.pack.cells]
    balancer.step(10)
    taken = [a - cell.charge_as for a, cell in zip(before, balancer.pack.cells, strict=True)]
    assert taken == pytest.approx([current_ma / 1000 * 10] * 4)


def test_with_w_low_it_draws_what_is_assumed(pipe):
    balancer = _balancer(Supply(WLine(pipe, False), off_ma=7))
    before = balancer.pack.cells[0].charge_as
    balancer.step(100)
    assert before - balancer.pack.cells[0].charge_as == pytest.approx(0.7)
