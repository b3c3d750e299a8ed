"""Uptime, which never jumps, and the time of day, once a source has set it.

The time of day is the uptime plus an offset from the best source. So an uptime can be dated later.
"""

import time

from evencell.compat import const, ticks_diff, ticks_ms
from evencell.runtime.lazy import call

_EPOCH_2000_S = const(946_684_800)
_EARLIEST_S = const(1_735_689_600)  # 2025: a clock with an earlier time was not set
_SLEW_PPM = const(1_000)  # 1 s in 17 minutes
_FOLLOW_MS = const(100)  # an uptime keeps its date while the system's clock stays so near


class Clock:
    """Ticks wrap after 12 days; this clock counts on, if it is asked once in 6 at least (the poller does).

    `set_time(unix_s)`, the board's, keeps the time across restarts; None where the system's clock is right anyway.
    `uptime_ms`: where the uptime begins, for a device that slept.

    A later reading of the time of day is never earlier, except after a step: an error above 1 s, which a better
    source or the system's clock brought to light. Smaller errors are slewed, by 1 ms a second at most.
    """

    def __init__(self, set_time=None, uptime_ms: int = 0):
        self._last_ticks = ticks_ms()
        self._uptime_ms = uptime_ms
        # The ESP32 counts from 2000, computers from 1970.
        self._epoch_offset_s = _EPOCH_2000_S if time.gmtime(0)[0] == 2000 else 0
        # Written by adjust.py too.
        self.board_set_time = set_time
        self.source_name = None
        self.trust = 0  # the system's: any source is better
        self.set_ms = 0  # uptime of the last setting
        self.since_ms = 0  # at this uptime …
        self.base_ms = None  # … it was that time
        self.error_ms = 0  # … and so much of it was still to be slewed
        self.reference = 0, 0  # uptime and time from which the drift is measured
        self.drift_ppm = 0  # by which the time of day runs faster than the uptime

    def uptime_ms(self) -> int:
        """Milliseconds since the firmware started, or since RTC memory was lost for a device that sleeps."""
        now = ticks_ms()
        self._uptime_ms += ticks_diff(now, self._last_ticks)
        self._last_ticks = now
        return self._uptime_ms

    def unix_ms(self) -> int | None:
        """UNIX milliseconds, or None while no source has set it."""
        return self.unix_ms_at(self.uptime_ms())

    def unix_s(self) -> int | None:
        """UNIX seconds, or None while no source has set it."""
        return self.unix_s_at(self.uptime_ms())

    def unix_s_at(self, uptime_ms: int) -> int | None:
        """UNIX seconds at that uptime, by what is known today: it may become known, or better known, later."""
        unix_ms = self.unix_ms_at(uptime_ms)
        return None if unix_ms is None else unix_ms // 1000

    def utc(self, unix_s: int) -> tuple:
        """Year, month, day, hour, minute, second of UNIX seconds."""
        return tuple(time.gmtime(unix_s - self._epoch_offset_s)[:6])

    def iso(self, unix_s: int) -> str:
        """UNIX seconds as ISO 8601 in UTC."""
        return "%04d-%02d-%02dT%02d:%02d:%02dZ" % self.utc(unix_s)

    @property
    def source(self) -> str | None:
        """Source of the time of day: a name given to `suggest`, "system", or None."""
        self._follow_system()
        return self.source_name

    @property
    def age_s(self) -> int | None:
        """How long ago a source set the clock; None where none did, or the system's own clock counts."""
        return (self.uptime_ms() - self.set_ms) // 1000 if self.trust else None

    def suggest(self, unix_ms: int, source: str, trust: int) -> bool:
        """Set the clock to `unix_ms`, the time of a source; False if a better source set it within a day.

        `trust`, from 1 on: 1 a browser, 2 a broker, 3 SNTP. Times outside 2025–2100 are rejected.
        """
        return call("evencell.clock.adjust", "suggest", self, unix_ms, source, trust)

    def unix_ms_at(self, uptime_ms: int) -> int | None:
        """The same in milliseconds."""
        self._follow_system()
        if self.base_ms is None:
            return None
        elapsed_ms = uptime_ms - self.since_ms
        slewed = min(max(elapsed_ms, 0) * _SLEW_PPM, abs(self.error_ms) * 1_000_000)
        if self.error_ms < 0:
            slewed = -slewed
        # One division for both: rounded apart, they could take 2 ms of 1 that passed.
        return self.base_ms + elapsed_ms + (elapsed_ms * self.drift_ppm + slewed) // 1_000_000

    def _follow_system(self):
        """Use the system's clock until a source sets this one: a computer's, or an ESP32's since before a restart."""
        if self.trust:
            return
        now_ms = self.uptime_ms()
        system_ms = self._system_ms()
        if system_ms <= _EARLIEST_S * 1000:
            return
        held_up_ms = self.uptime_ms() - now_ms  # by other processes on a busy computer, between reading both clocks
        if self.base_ms is None or abs(system_ms - self.base_ms - now_ms + self.since_ms) > _FOLLOW_MS + held_up_ms:
            self.since_ms, self.base_ms, self.source_name = now_ms, system_ms, "system"

    def _system_ms(self) -> int:
        return self.time_ns() // 1_000_000 + self._epoch_offset_s * 1000

    def time_ns(self) -> int:
        """Nanoseconds of the system's clock, which begins anywhere while it is not set."""
        return time.time_ns()
