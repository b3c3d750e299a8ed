"""Deep sleep of a computer: the process ends, RTC memory is a file, and who starts it again hands it a clock.

Settings: `wake_cause` (timer or button; missing after another start), `time_ns` (where its clock goes on; without it
that is the computer's own).
"""

import json
import sys
import time

from evencell.storage.files import replace

SLEEP_STATUS = 76  # of the process in deep sleep: its starter starts it again, as the file SLEEP says
SLEEP = "sleep"  # a JSON object: `ms` to sleep, and `time_ns` of the clock when that begins
_RTC_BYTES = 2048


class Sleeper:
    """As that of an ESP32 (esp32_sleep.py)."""

    def __init__(self, board, settings: dict):
        self._board = board
        self._cause = settings.get("wake_cause", "")
        self._ahead_ns = 0
        if "time_ns" in settings:
            self._ahead_ns = settings["time_ns"] - time.time_ns()
            board.set_time = self._set_time
        rtc = self.rtc = board.rtc_memory()
        rtc.buffer += bytes(_RTC_BYTES - len(rtc.buffer))
        board.rtc_memory = lambda: rtc  # there is one

    def _set_time(self, unix_s: int):
        self._ahead_ns = unix_s * 1_000_000_000 - time.time_ns()

    def cause(self) -> str:
        """What ended the sleep: timer or button; "" after another start."""
        return self._cause

    def time_ns(self) -> int:
        """Nanoseconds of the clock."""
        return time.time_ns() + self._ahead_ns

    def release_pins(self):
        """A computer holds none."""

    def sleep(self, milliseconds: int):
        """End the process with SLEEP_STATUS; never returns."""
        about = {"ms": milliseconds, "time_ns": self.time_ns()}
        replace("%s/%s" % (self._board.storage, SLEEP), json.dumps(about))
        sys.exit(SLEEP_STATUS)

    def rejoin(self, station):
        """What joins the network of before the sleep, where there is a station."""
        from boards.host_radio import Rejoin

        return Rejoin(station)
