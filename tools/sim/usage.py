"""Daily use of the pack: rest, ride, rest, charge, and again.

Currents are in C (capacity per hour), so that a large pack is used as hard as a small one.
"""

from collections.abc import Iterator
from random import Random

from tools.sim.chemistry import Chemistry
from tools.sim.pack import Pack

_THROTTLE_C = (0.0, 0.6)
_THROTTLE_S = (2.0, 8.0)
_THROTTLES_PER_RIDE = (20, 40)
_CHARGE_C = 0.25
_CHARGE_CHECK_S = 5.0
_LONG_REST_S = (180.0, 300.0)
_SHORT_REST_S = (20.0, 60.0)

Phases = Iterator[tuple[float, float]]


def daily_use(pack: Pack, chemistry: Chemistry, capacity_ah: float, random: Random) -> Phases:
    """Phases (seconds, mA) without end, beginning with a rest. Riding and charging stop at the cells' limits."""
    one_c_ma = capacity_ah * 1000
    while True:
        yield random.uniform(*_LONG_REST_S), 0.0
        yield from _ride(pack, chemistry.empty_mv, one_c_ma, random)
        yield random.uniform(*_SHORT_REST_S), 0.0
        yield from _charge(pack, chemistry.full_mv, one_c_ma)


def _ride(pack: Pack, empty_mv: int, one_c_ma: float, random: Random) -> Phases:
    for _ in range(random.randint(*_THROTTLES_PER_RIDE)):
        if min(pack.terminals_mv()) <= empty_mv:
            return
        yield random.uniform(*_THROTTLE_S), -random.uniform(*_THROTTLE_C) * one_c_ma


def _charge(pack: Pack, full_mv: int, one_c_ma: float) -> Phases:
    while max(pack.terminals_mv()) < full_mv:
        yield _CHARGE_CHECK_S, _CHARGE_C * one_c_ma
