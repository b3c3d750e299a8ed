"""Whole degrees or tenths? The frame doesn't say, and it depends on the balancer's hardware (see docs/protocol.md)."""

from evencell.compat import const

_COLDEST_C = const(-40)
_HOTTEST_C = const(125)
_READINGS_TO_SETTLE = const(3)

# What `temperature_scale` may say in the configuration: tenths of a degree per count, 0 while that is unknown.
SCALES = {"auto": 0, "1": 10, "0.1": 1}


class TemperatureScale:
    """Turns the raw temperature into tenths of a degree, or says honestly that it can't.

    With the setting `auto`, raw values beyond the sensor's range in whole degrees settle the scale to tenths when
    three accepted readings in a row agree; `settled` is then called, so that it can be remembered.
    """

    __slots__ = ("_agreeing", "_settled", "dc_per_count")

    def __init__(self, setting: str = "auto", settled=None):
        self.dc_per_count = SCALES[setting]
        self._settled = settled
        self._agreeing = 0

    def observe(self, raw: int):
        """Take an accepted reading into account."""
        if self.dc_per_count:
            return
        self._agreeing = self._agreeing + 1 if can_only_be_tenths(raw) else 0
        if self._agreeing == _READINGS_TO_SETTLE:
            self.dc_per_count = SCALES["0.1"]
            if self._settled:
                self._settled("0.1")

    def temperature_dc(self, raw: int) -> int | None:
        """Tenths of a degree, or None where the scale is unknown or no probe can send this value."""
        temperature_dc = raw * self.dc_per_count
        return temperature_dc if self.dc_per_count and _plausible(temperature_dc) else None

    def may_be_outside(self, raw: int, coldest_dc: int, hottest_dc: int) -> bool:
        """Whether the temperature lies outside the limits, by the worse of the possible scales (safety rule)."""
        for dc_per_count in (1, 10):
            if not self.dc_per_count or self.dc_per_count == dc_per_count:
                temperature_dc = raw * dc_per_count
                if _plausible(temperature_dc) and not coldest_dc <= temperature_dc <= hottest_dc:
                    return True
        return False


def can_only_be_tenths(raw: int) -> bool:
    """Whether no probe can send this value in whole degrees, but one could in tenths."""
    return not _plausible(raw * 10) and _plausible(raw)


def _plausible(temperature_dc: int) -> bool:
    return _COLDEST_C * 10 <= temperature_dc <= _HOTTEST_C * 10
