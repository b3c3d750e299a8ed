"""Trend of a pack: charging, resting or discharging, from the slope of its mean cell voltage.

The balancer knows no pack current. On the flat part of an LFP curve a slow charge moves a cell by less than 1 mV in 3
minutes: that counts as resting.
"""

from array import array

from evencell.compat import const

RESTING = const(0)
CHARGING = const(1)
DISCHARGING = const(2)
TRENDS = ("resting", "charging", "discharging")

SAMPLE_S = const(10)
_SAMPLES = const(30)  # 5 minutes
_ENDS = const(5)  # samples that are averaged at each end
_UNITS_PER_MV = const(10)
_MOVING = const(10)  # units a minute: 1 mV of the mean cell
_STEADY = const(5)
_GUSTS = const(150)  # units between highest and lowest sample: a load that comes and goes
_GAP_S = const(60)  # without a sample for so long the window begins anew


class Trend:
    """`kind`: RESTING, CHARGING or DISCHARGING, None without 5 minutes of samples. `slope`: in 0.1 mV a minute."""

    def __init__(self):
        self._samples = array("H", bytes(2 * _SAMPLES))
        self._count = 0
        self._at_s = 0
        self.kind = None
        self.slope = 0

    def add(self, status, now_s: int):
        """Take a sample of an accepted reading; too early ones are ignored. Takes no heap."""
        if self._count and now_s - self._at_s < SAMPLE_S:
            return
        if now_s - self._at_s > _GAP_S or not status.cells_connected:
            self._count = 0
            self.kind = None
        self._at_s = now_s
        if not status.cells_connected:
            return
        samples = self._samples
        if self._count == _SAMPLES:
            for i in range(1, _SAMPLES):
                samples[i - 1] = samples[i]
            self._count -= 1
        samples[self._count] = status.sum_mv * _UNITS_PER_MV // status.cells_connected
        self._count += 1
        if self._count == _SAMPLES:
            self._judge()

    def _judge(self):
        first = last = 0
        low = high = self._samples[0]
        for i in range(_SAMPLES):
            sample = self._samples[i]
            low, high = min(low, sample), max(high, sample)
            if i < _ENDS:
                first += sample
            elif i >= _SAMPLES - _ENDS:
                last += sample
        self.slope = (last - first) * 60 // (_ENDS * (_SAMPLES - _ENDS) * SAMPLE_S)
        limit = _MOVING if self.kind in (None, RESTING) else _STEADY
        if self.slope > limit:
            self.kind = CHARGING
        elif self.slope < -limit or high - low > _GUSTS:
            self.kind = DISCHARGING
        else:
            self.kind = RESTING
