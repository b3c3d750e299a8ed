"""Time since the start, which never jumps, and the time of day, once somebody has set it."""

import time

from evencell.compat import const, ticks_diff, ticks_ms

_EPOCH_2000_S = const(946_684_800)
_SET_AFTER_S = const(1_735_689_600)  # 2025: an earlier time means that nobody set it


class Clock:
    """Ticks wrap after 12 days; this clock counts on, if it is asked once in 6 at least (the poller does)."""

    def __init__(self):
        self._last_ticks = ticks_ms()
        self._uptime_ms = 0
        # The ESP32 counts from 2000, computers from 1970.
        self._epoch_offset_s = _EPOCH_2000_S if time.gmtime(0)[0] == 2000 else 0

    def uptime_ms(self) -> int:
        """Milliseconds since this clock was made."""
        now = ticks_ms()
        self._uptime_ms += ticks_diff(now, self._last_ticks)
        self._last_ticks = now
        return self._uptime_ms

    def unix_s(self) -> int | None:
        """UNIX seconds, or None while no clock was ever set."""
        now_s = int(time.time()) + self._epoch_offset_s
        return now_s if now_s > _SET_AFTER_S else None
