"""Deep sleep of a computer: the process ends, RTC memory is a file, and who starts it again hands it a clock.

Settings: `wake_cause` (timer or button; missing after another start), `time_ns` (where its clock goes on).
"""

import json
import sys
import time

from evencell.storage.files import replace

SLEEP_STATUS = 76  # of the process in deep sleep: its starter starts it again, as the file SLEEP says
SLEEP = "sleep"  # a JSON object: `ms` to sleep, and `time_ns` of the clock when that begins


def equip(board, settings: dict):
    """Give the computer a clock as a chip has it: it can be set, and goes on where the settings say."""
    ahead_ns = [settings["time_ns"] - time.time_ns()]

    def set_time(unix_s: int):
        ahead_ns[0] = unix_s * 1_000_000_000 - time.time_ns()

    board.set_time = set_time
    board.time_ns = lambda: time.time_ns() + ahead_ns[0]


class Sleeper:
    """As that of an ESP32 (esp32_sleep.py)."""

    def __init__(self, board, cause: str):
        self._board = board
        self._cause = cause

    def cause(self) -> str:
        """What ended the sleep: timer or button; "" after another start."""
        return self._cause

    def sleep(self, milliseconds: int):
        """End the process with SLEEP_STATUS; never returns."""
        about = {"ms": milliseconds, "time_ns": self._board.time_ns()}
        replace("%s/%s" % (self._board.storage, SLEEP), json.dumps(about))
        sys.exit(SLEEP_STATUS)

    def rejoin(self, station):
        """What joins the network of before the sleep, where there is a station."""
        from boards.host_radio import Rejoin

        return Rejoin(station)
