"""Temperature scale: whole degrees or tenths, which depends on the balancer's hardware (docs/protocol.md)."""

from evencell.compat import const

_MIN_C = const(-40)
_MAX_C = const(125)
_MIN_READINGS = const(3)

# Values of `temperature_scale` in the configuration: tenths of a degree per count, 0 while that is unknown.
SCALES = {"auto": 0, "1": 10, "0.1": 1}
_NAMES = {0: "unknown", 10: "1", 1: "0.1"}


class TemperatureScale:
    """Converts the raw temperature to tenths of a degree, if the scale is known.

    With the setting `auto`, three accepted readings in a row that no probe can send in whole degrees settle the scale
    to tenths. `memory` (a key-value store) keeps that for the pack of this name, and `log` gets a line. `agreeing`
    counts such readings.
    """

    __slots__ = ("_log", "_memory", "_pack_name", "agreeing", "dc_per_count")

    def __init__(self, setting: str = "auto", memory=None, log=None, pack_name: str = ""):
        self.dc_per_count = SCALES[setting]
        self._memory = memory
        self._log = log
        self._pack_name = pack_name
        self.agreeing = 0

    @property
    def name(self) -> str:
        """The scale in a status: `unknown`, `1` or `0.1`."""
        return _NAMES[self.dc_per_count]

    def observe(self, raw: int):
        """Evaluate the raw temperature of an accepted reading."""
        if self.dc_per_count:
            return
        self.agreeing = self.agreeing + 1 if can_only_be_tenths(raw) else 0
        if self.agreeing == _MIN_READINGS:
            self.dc_per_count = SCALES["0.1"]
            if self._memory and self._log:
                self._log.info("%s: the temperature can only be in tenths of a degree" % self._pack_name)
                self._memory.put(self._pack_name + ".temperature_scale", "0.1")

    def temperature_dc(self, raw: int) -> int | None:
        """Tenths of a degree; None if the scale is unknown or no probe can send this value."""
        temperature_dc = raw * self.dc_per_count
        return temperature_dc if self.dc_per_count and _is_plausible(temperature_dc) else None

    def is_outside(self, raw: int, min_dc: int, max_dc: int) -> bool:
        """Whether the temperature is outside the limits; while the scale is unknown, on both scales.

        A value that no probe can send on a scale is no temperature on it: a missing probe is outside no limits.
        """
        is_temperature = False
        for dc_per_count in (1, 10):
            if not self.dc_per_count or self.dc_per_count == dc_per_count:
                temperature_dc = raw * dc_per_count
                if min_dc <= temperature_dc <= max_dc:
                    return False
                is_temperature = is_temperature or _is_plausible(temperature_dc)
        return is_temperature


def can_be_temperature(raw: int) -> bool:
    """Whether a probe could send this value on some scale."""
    return _is_plausible(raw)


def can_only_be_tenths(raw: int) -> bool:
    """Whether no probe can send this value in whole degrees, but one could in tenths."""
    return not _is_plausible(raw * 10) and _is_plausible(raw)


def _is_plausible(temperature_dc: int) -> bool:
    return _MIN_C * 10 <= temperature_dc <= _MAX_C * 10
