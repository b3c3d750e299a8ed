"""Whether switching off by W saves supply current: the test, on packs of the simulator.

Each simulated pack rests. The balancer takes 40 mA while it is on; while it is off it takes nothing, or as much. The
device feeds from the pack as well, and the cells leak.
"""

from random import Random

import pytest

from evencell.control.w_measure import judge, step, verdict
from evencell.pack.status import Status
from host_tests.fakes import FakeClock, FakeKeyValue
from tools.sim.chemistry import CHEMISTRIES
from tools.sim.pack import fixed_pack
from tools.sim.supply import Supply

_NOISE_MV = 0.7  # of the simulated balancer
_STEP_S = 10
_GUARD_S = 60
_HOUR_S = 3600
_DAYS = 18


class _Pack:
    name = "pack1"


class _W:
    pack = _Pack()
    readings = None


class _Context:
    def __init__(self):
        self.clock = FakeClock(1_800_000_000)
        self.key_values = FakeKeyValue()


class _Device:
    """Reads a simulated pack for a minute an hour, or all the time on a day with the balancer on."""

    def __init__(self, off_ma: float, seed: int, others_ma: float = 5, chemistry="lfp", soc=0.6, capacity_ah=20):
        self.random = Random(seed)
        kind = CHEMISTRIES[chemistry]
        self.pack = fixed_pack(kind, capacity_ah, [round(kind.ocv_mv(soc))] * 4, self.random)
        for cell in self.pack.cells:
            cell.leakage_ma = self.random.uniform(0, 2)
        self.supply = Supply(off_ma=off_ma)
        self.others_ma = others_ma
        self.context, self.w = _Context(), _W()
        self.status = Status()
        self.status.cells_connected, self.status.balance_raw = 4, 0
        self.is_on = False
        self.on_hours = 0

    def read(self):
        noise = self.random.uniform
        self.status.sum_mv = sum(round(mv + noise(-_NOISE_MV, _NOISE_MV)) for mv in self.pack.terminals_mv())
        self.is_on = step(self.w, self.context, self.status, False)

    def run(self, hours: int):
        for _ in range(hours):
            for _ in range(_GUARD_S // _STEP_S):
                self.read()
                self.context.clock.now_s += _STEP_S
            self.on_hours += self.is_on
            share = 1 if self.is_on else _GUARD_S / _HOUR_S
            on_ma, off_ma = self.supply.current_ma(True, False), self.supply.current_ma(False, False)
            taken_ma = self.others_ma + share * on_ma + (1 - share) * off_ma
            self.pack.step(_HOUR_S)
            for cell in self.pack.cells:
                cell.move(-taken_ma / 1000 * _HOUR_S)
            self.context.clock.now_s += _HOUR_S - _GUARD_S

    @property
    def slopes(self) -> list:
        return self.context.key_values.kept["saves:pack1"][0]

    def verdict(self) -> str:
        return verdict(self.context, "pack1")


def _verdicts(off_ma: float, seeds: int = 8, **options) -> list[str]:
    found = []
    for seed in range(seeds):
        device = _Device(off_ma, seed, **options)
        for _ in range(_DAYS):
            device.run(24)
            if device.verdict() != "unverified":
                break
        found.append(device.verdict())
    return found


@pytest.mark.parametrize("others_ma", [5, 20])
def test_a_pin_that_cuts_the_supply_of_a_small_pack_is_found_out(others_ma):
    assert _verdicts(0, others_ma=others_ma).count("verified") >= 7
    assert "verified" not in _verdicts(40, others_ma=others_ma)


def test_a_pin_that_cuts_nothing_is_found_out_where_the_curve_is_steep():
    nmc = {"others_ma": 20, "chemistry": "nmc", "soc": 0.8, "capacity_ah": 50}
    assert _verdicts(40, **nmc) == ["no"] * 8
    assert _verdicts(0, **nmc) == ["verified"] * 8


def test_it_ends_after_a_bounded_time_and_half_of_it_is_spent_with_the_balancer_on():
    device = _Device(20, 1, others_ma=5, capacity_ah=100)
    device.run(24 * 30)
    assert 4 * 24 <= device.on_hours <= 9 * 24
    assert not device.is_on
    assert len(device.slopes) <= 32


def test_what_two_of_four_half_days_say_is_no_verdict():
    assert judge([0.0, -1.0, -1.0, 0.0] * 3) == 0
    assert judge([-0.1, -1.0, -1.0, -0.12, -0.09, -1.0, -1.0, -0.1] * 2) == 1
    assert judge([-1.0, -1.0, -1.0, -1.02, -0.99, -1.0, -1.0, -1.0] * 2) == 2
    assert judge([-0.1, -0.1, -0.1, -0.1] * 8) == 0, "too flat a curve"


def test_a_used_pack_rests_for_a_day_before_it_is_measured_again():
    device = _Device(0, 1)
    device.run(24 + 6)
    before = device.context.key_values.kept["saves:pack1"]
    assert before[2] == 5
    for cell in device.pack.cells:
        cell.soc -= 0.2
    device.run(1)
    kept = device.context.key_values.kept["saves:pack1"]
    assert kept[2] == -1
    assert kept[1] - device.context.clock.now_s > 22 * _HOUR_S
    assert kept[0] == before[0]


def test_a_clock_that_was_set_back_begins_the_half_day_anew():
    device = _Device(0, 1)
    device.run(24 + 30)
    slopes = device.slopes
    assert slopes
    device.context.clock.now_s -= 300_000_000
    device.run(25)
    kept = device.context.key_values.kept["saves:pack1"]
    assert kept[1] <= device.context.clock.now_s and kept[2] >= 0
    assert kept[0] == slopes


def test_without_a_clock_and_with_a_low_pack_nothing_is_measured():
    device = _Device(0, 1)
    assert not step(device.w, device.context, device.status, True)
    device.context.clock.now_s = None
    assert not step(device.w, device.context, device.status, False)
    assert device.context.key_values.kept == {}
