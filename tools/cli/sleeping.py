"""A device that sleeps, for `evencell run`: it is started again when its sleep is over, or its button is pressed."""

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path

from boards.host import RESTART_STATUS, SETTINGS_VARIABLE
from boards.host_sleep import SLEEP, SLEEP_STATUS

_POLL_S = 0.05


def live(start: Callable[[dict[str, str]], int], environment: dict[str, str], data: Path, speed: float) -> int:
    """Start the firmware, and again after each sleep, or restart of a device that sleeps; returns its exit status.

    Its sleep passes `speed` times faster, with a clock that goes so much faster, too; from then on it is ahead.
    """
    settings, has_slept, ahead_ns = json.loads(environment[SETTINGS_VARIABLE]), False, 0
    while True:
        if ahead_ns:
            settings["time_ns"] = time.time_ns() + ahead_ns
        status = start({**environment, SETTINGS_VARIABLE: json.dumps(settings, ensure_ascii=False)})
        if status == SLEEP_STATUS:
            cause, ahead_ns = _sleep(data, speed)
            settings |= {"reset_cause": "wake", "wake_cause": cause}
            has_slept = True
        elif status == RESTART_STATUS and has_slept:
            settings |= {"reset_cause": "reset", "wake_cause": ""}
        else:
            return status


def _sleep(data: Path, speed: float) -> tuple[str, int]:
    """Wait until the sleep is over; returns what ended it, and how far its clock is ahead then."""
    asleep = json.loads((data / SLEEP).read_text())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    if asleep["ms"] > 1:
        print(f"asleep for {asleep['ms'] / 1000:.0f} s", flush=True)
    began_s, cause = time.monotonic(), "timer"
    while time.monotonic() - began_s < asleep["ms"] / 1000 / speed:
        if (data / "button").exists() and (data / "button").read_text().strip():
            cause = "button"
            break
        time.sleep(_POLL_S)
    if speed == 1:
        return cause, 0
    passed_s = min((time.monotonic() - began_s) * speed, asleep["ms"] / 1000)
    return cause, asleep["time_ns"] + int(passed_s * 1e9) - time.time_ns()
