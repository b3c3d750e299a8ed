"""How bright the display is, and when it is off."""

from evencell.compat import const

OFF = -1  # a level that no brightness has

_RISE_MV = const(50)  # five steps of what a balancer says
_DIM_PARTS = const(4)  # dimmed is a quarter


class Light:
    """Levels in percent. Times are seconds of a clock that never jumps; a setting of 0 seconds means never.

    `settings` is the section `display` of the configuration, read anew each time: the menu changes it.
    """

    __slots__ = ("_lowest_mv", "_settings", "_woken_s")

    def __init__(self, settings: dict, now_s: int):
        self._settings = settings
        self._lowest_mv = []  # of each pack, since its voltage last woke the display
        self._woken_s = now_s  # None while it was switched off by hand

    def wake(self, now_s: int):
        """Somebody looks, or should."""
        self._woken_s = now_s

    def switch_off(self):
        """Off until the next `wake`."""
        self._woken_s = None

    def level(self, now_s: int, minute=None) -> int:
        """Brightness in percent, or OFF. `minute` of the local day, None where nobody knows it."""
        settings = self._settings
        if self._since("off_after_s", now_s):
            return OFF
        level = settings["brightness"]
        if minute is not None and settings["night"] and is_within(minute, settings["night"]):
            level = min(level, settings["night_brightness"])
        return level // _DIM_PARTS if self._since("dim_after_s", now_s) else level

    def is_saving(self, now_s: int) -> bool:
        """Whether the same picture has stood long enough to burn in: the screensaver's turn."""
        return self._since("saver_after_s", now_s)

    def _since(self, key: str, now_s: int) -> bool:
        after_s = self._settings[key]
        return self._woken_s is None or 0 < after_s <= now_s - self._woken_s

    def rises(self, pack: int, pack_mv: int) -> bool:
        """Whether the voltage of this pack (by its number) is 50 mV or more above its lowest since it last rose so.

        It is then being charged, or a load went away: a balancer doesn't know the pack's current.
        """
        lowest_mv = self._lowest_mv
        while len(lowest_mv) <= pack:
            lowest_mv.append(pack_mv)
        has_risen = pack_mv - lowest_mv[pack] >= _RISE_MV
        if has_risen or pack_mv < lowest_mv[pack]:
            lowest_mv[pack] = pack_mv
        return has_risen


def is_within(minute: int, span) -> bool:
    """Whether a minute of the day is in a span of two, such as ["22:00", "06:00"]; its end is outside."""
    start, end = minutes(span[0]), minutes(span[1])
    if start <= end:
        return start <= minute < end
    return minute >= start or minute < end


def minutes(text: str) -> int:
    """Minute of the day of "HH:MM"."""
    return int(text[:2]) * 60 + int(text[3:])


def shift(now_s: int) -> tuple:
    """Where the picture stands, in pixels right and down: a new place each minute, so that no edge burns in."""
    step = now_s // 60 % 4
    return step in (1, 2), step >= 2
