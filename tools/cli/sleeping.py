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

    Its sleep passes `speed` times faster, with a clock that goes so much faster, too.
    """
    settings, has_slept = json.loads(environment[SETTINGS_VARIABLE]), False
    while True:
        status = start({**environment, SETTINGS_VARIABLE: json.dumps(settings, ensure_ascii=False)})
        if status == SLEEP_STATUS:
            settings |= {"reset_cause": "wake", **_sleep(data, speed)}
            has_slept = True
        elif status == RESTART_STATUS and has_slept:
            settings |= {"reset_cause": "reset", "wake_cause": ""}
        else:
            return status


def _sleep(data: Path, speed: float) -> dict:
    """Wait until the sleep is over; returns what ended it, and the clock if that is ahead of the computer's."""
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
        return {"wake_cause": cause}
    passed_s = min((time.monotonic() - began_s) * speed, asleep["ms"] / 1000)
    return {"wake_cause": cause, "time_ns": asleep["time_ns"] + int(passed_s * 1e9)}
