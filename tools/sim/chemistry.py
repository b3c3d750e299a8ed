"""Open-circuit voltage against state of charge of three lithium chemistries.

The curves are typical ones, not measured on any maker's cell: flat with steep ends for LFP, sloping for NMC, low for
LTO.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Chemistry:
    """A curve of rising (state of charge 0 … 1, mV) points, and three voltages of a pack in use.

    `start_mv` is where a simulated pack begins, at rest after a charge; charging ends when a cell reaches `full_mv`,
    riding when one falls to `empty_mv`. Beyond its ends the curve continues with the slope there, so that any voltage
    has a state of charge.
    """

    socs: tuple[float, ...]
    voltages_mv: tuple[float, ...]
    start_mv: int
    full_mv: int
    empty_mv: int

    def ocv_mv(self, soc: float) -> float:
        """Open-circuit voltage at a state of charge."""
        return _interpolate(self.socs, self.voltages_mv, soc)

    def soc(self, ocv_mv: float) -> float:
        """State of charge at an open-circuit voltage: the inverse of `ocv_mv`."""
        return _interpolate(self.voltages_mv, self.socs, ocv_mv)


def _interpolate(xs: Sequence[float], ys: Sequence[float], x: float) -> float:
    """y at x, linear between the points; `xs` rises. Outside, the first and last segment continue."""
    right = min(max(bisect_right(xs, x), 1), len(xs) - 1)
    left = right - 1
    return ys[left] + (x - xs[left]) * (ys[right] - ys[left]) / (xs[right] - xs[left])


def _chemistry(curve: Sequence[tuple[float, float]], start_mv: int, full_mv: int, empty_mv: int) -> Chemistry:
    socs, voltages_mv = zip(*curve, strict=True)
    return Chemistry(socs, voltages_mv, start_mv, full_mv, empty_mv)


_LFP = (
    (0.0, 2500),
    (0.01, 2700),
    (0.03, 2900),
    (0.06, 3050),
    (0.10, 3180),
    (0.15, 3215),
    (0.20, 3235),
    (0.30, 3260),
    (0.40, 3280),
    (0.60, 3294),
    (0.70, 3320),
    (0.90, 3334),
    (0.95, 3340),
    (0.97, 3350),
    (0.98, 3370),
    (0.99, 3425),
    (1.0, 3600),
)
_NMC = (
    (0.0, 3000),
    (0.05, 3380),
    (0.10, 3480),
    (0.20, 3570),
    (0.30, 3620),
    (0.40, 3660),
    (0.50, 3710),
    (0.60, 3790),
    (0.70, 3880),
    (0.80, 3980),
    (0.90, 4080),
    (0.97, 4150),
    (1.0, 4200),
)
_LTO = (
    (0.0, 1800),
    (0.05, 2080),
    (0.10, 2150),
    (0.30, 2210),
    (0.50, 2270),
    (0.70, 2350),
    (0.85, 2420),
    (0.95, 2520),
    (0.98, 2610),
    (1.0, 2800),
)

CHEMISTRIES = {
    "lfp": _chemistry(_LFP, start_mv=3410, full_mv=3500, empty_mv=3000),
    "nmc": _chemistry(_NMC, start_mv=4130, full_mv=4180, empty_mv=3300),
    "lto": _chemistry(_LTO, start_mv=2650, full_mv=2700, empty_mv=2050),
}
