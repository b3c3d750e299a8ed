"""Brightness of the display: dimming, night, off."""

from evencell.compat import const

OFF = -1  # a level

_MIN_RISE_MV = const(50)  # five steps of the pack voltage's resolution
_DIM_DIVISOR = const(4)
_LOW_OFF_S = const(30)  # the longest time until it is off while a pack is low


class Light:
    """Brightness levels in percent. Times are uptime in seconds; a setting of 0 seconds means never.

    `settings`: section `display` of the configuration, which the menu changes.
    """

    __slots__ = ("_lowest_mv", "_settings", "_woken_s")

    def __init__(self, settings: dict, now_s: int):
        self._settings = settings
        self._lowest_mv = []  # of each pack, since its last rise
        self._woken_s = now_s  # None after it was switched off by button

    def wake(self, now_s: int):
        """Restart the timers."""
        self._woken_s = now_s

    def switch_off(self):
        """Off until the next `wake`."""
        self._woken_s = None

    def level(self, now_s: int, minute=None, is_low: bool = False) -> int:
        """Brightness in percent, or OFF. `minute`: of the local day, None if unknown. `is_low`: a pack is low."""
        settings = self._settings
        if self._since("off_after_s", now_s) or (is_low and now_s - (self._woken_s or 0) >= _LOW_OFF_S):
            return OFF
        level = settings["brightness"]
        if minute is not None and settings["night"]:
            from evencell.clock.span import is_within

            if is_within(minute, settings["night"]):
                level = min(level, settings["night_brightness"])
        return level // _DIM_DIVISOR if self._since("dim_after_s", now_s) else level

    def is_saver_due(self, now_s: int) -> bool:
        """Whether the screensaver is due."""
        return self._since("saver_after_s", now_s)

    def _since(self, key: str, now_s: int) -> bool:
        after_s = self._settings[key]
        return self._woken_s is None or 0 < after_s <= now_s - self._woken_s

    def has_risen(self, pack: int, pack_mv: int) -> bool:
        """Whether the voltage of this pack (by its number) is 50 mV or more above its lowest since its last rise.

        It is then being charged, or a load was removed; a balancer does not measure the pack's current.
        """
        lowest_mv = self._lowest_mv
        while len(lowest_mv) <= pack:
            lowest_mv.append(pack_mv)
        is_rise = pack_mv - lowest_mv[pack] >= _MIN_RISE_MV
        if is_rise or pack_mv < lowest_mv[pack]:
            lowest_mv[pack] = pack_mv
        return is_rise


def shift(now_s: int) -> tuple:
    """Offset of the picture in pixels right and down: another one each minute, against burn-in."""
    step = now_s // 60 % 4
    return step in (1, 2), step >= 2
