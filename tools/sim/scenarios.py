"""Scenarios of a pack's use, each a table row: what happens, and the phases of the pack current.

All durations are those of a real pack; watch them with `--speed 100`. Currents are in C (capacity per hour).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from tools.sim.chemistry import Chemistry
from tools.sim.pack import Pack

_STEP_S = 5.0
_HOUR_S = 3600.0
_RIDE_S = 40 * 60.0
_REST_S = 2 * _HOUR_S
_NIGHT_S = 10 * _HOUR_S
_THROTTLE_C = (0.1, 0.9)
_THROTTLE_S = (3.0, 20.0)
_CHARGE_C = 0.25
_TAPER = 0.9  # of the charge current at each step at which a cell would exceed its limit
_END_C = 0.02
_LOW_SOC = 0.3
_STORAGE_SOC = 0.6

_WEAK_CELL = 2
_WEAK_CAPACITY = 0.86
_WEAK_RESISTANCE = 3.0
_WEAK_LEAKAGE_C = 0.002  # 40 mA at 20 Ah

_LOOSE_CELL = 1
_LOOSE_AFTER_S = 600.0
_LOOSE_MV = (10.0, 120.0)

Phases = Iterator[tuple[float, float]]


@dataclass(frozen=True)
class Scenario:
    """`phases(pack, chemistry, one_c_ma, random)` prepares the pack and generates (seconds, mA) without end."""

    explanation: str
    phases: Callable[[Pack, Chemistry, float, Random], Phases]


def _ride(pack: Pack, chemistry: Chemistry, one_c_ma: float, random: Random) -> Phases:
    while True:
        yield from _throttle(pack, chemistry, one_c_ma, random)
        yield _REST_S, 0.0
        if _mean_soc(pack) < _LOW_SOC:
            yield from _charged(pack, chemistry, one_c_ma)
            yield _REST_S, 0.0


def _charge(pack: Pack, chemistry: Chemistry, one_c_ma: float, _random: Random) -> Phases:
    _shift_soc(pack, _LOW_SOC)
    while True:
        yield from _charged(pack, chemistry, one_c_ma)
        yield _NIGHT_S, 0.0
        yield (_mean_soc(pack) - _LOW_SOC) / _CHARGE_C * _HOUR_S, -_CHARGE_C * one_c_ma


def _storage(pack: Pack, _chemistry: Chemistry, _one_c_ma: float, _random: Random) -> Phases:
    _shift_soc(pack, _STORAGE_SOC)
    while True:
        yield _HOUR_S, 0.0


def _weak_cell(pack: Pack, chemistry: Chemistry, one_c_ma: float, random: Random) -> Phases:
    weak = pack.cells[_WEAK_CELL]
    weak.capacity_ah *= _WEAK_CAPACITY
    weak.resistance_mohm *= _WEAK_RESISTANCE
    weak.leakage_ma += _WEAK_LEAKAGE_C * one_c_ma
    yield from _ride(pack, chemistry, one_c_ma, random)


def _wire_comes_loose(pack: Pack, chemistry: Chemistry, one_c_ma: float, random: Random) -> Phases:
    yield _LOOSE_AFTER_S, 0.0
    pack.has_loose_lead = True
    for phase in _ride(pack, chemistry, one_c_ma, random):
        error_mv = random.uniform(*_LOOSE_MV)
        pack.lead_errors_mv[_LOOSE_CELL] = -error_mv
        pack.lead_errors_mv[_LOOSE_CELL + 1] = error_mv
        yield phase


SCENARIOS = {
    "ride": Scenario("rides of 40 minutes with rests of 2 hours, charged when low", _ride),
    "charge": Scenario("charged from 30 % with a taper at the end, a night's rest, discharged, and again", _charge),
    "storage": Scenario("at rest at 60 % for months", _storage),
    "weak_cell": Scenario(
        "as ride, but cell 3 has 14 % less capacity, 3 times the resistance and leaks 0.002 C", _weak_cell
    ),
    "wire_comes_loose": Scenario(
        "as ride, but after 10 minutes the balance lead between cells 2 and 3 comes loose", _wire_comes_loose
    ),
}


def _throttle(pack: Pack, chemistry: Chemistry, one_c_ma: float, random: Random) -> Phases:
    """A ride: throttle phases until it is over or a cell is empty."""
    left_s = _RIDE_S
    while left_s > 0 and min(pack.terminals_mv()) > chemistry.empty_mv:
        seconds = random.uniform(*_THROTTLE_S)
        left_s -= seconds
        yield seconds, -random.uniform(*_THROTTLE_C) * one_c_ma


def _charged(pack: Pack, chemistry: Chemistry, one_c_ma: float) -> Phases:
    """Constant current, then a taper that keeps the highest cell at its limit."""
    current_ma = _CHARGE_C * one_c_ma
    while current_ma > _END_C * one_c_ma:
        yield _STEP_S, current_ma
        if max(pack.terminals_mv()) >= chemistry.full_mv:
            current_ma *= _TAPER


def _mean_soc(pack: Pack) -> float:
    return sum(cell.soc for cell in pack.cells) / len(pack.cells)


def _shift_soc(pack: Pack, mean_soc: float):
    """Shift the charge of all cells alike, so that their mean is `mean_soc`."""
    shift = mean_soc - _mean_soc(pack)
    for cell in pack.cells:
        cell.soc += shift
