"""A device that sleeps, on this computer: each wake is a process of its own.

Its sleep takes no time: the next process gets a clock that is so much later. RTC memory is the file `rtc`.
"""

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from boards.host import SETTINGS_VARIABLE
from boards.host_sleep import SLEEP, SLEEP_STATUS
from tools.dev import device

NEVER_SET_S = 946_684_800  # 2000, where the clock of a chip begins after power-on
_END_WITHIN_S = 120


@dataclass
class Ended:
    """How a wake ended: its exit status, its sleep in seconds (None where it did not come to it), and its output."""

    status: int
    sleep_s: float | None
    output: str


class Sleeper:
    """A device with its flash in `folder`, at a balancer's `port`; `command` starts a wake.

    `now_s` is the time of day between two wakes, `woken_s` that of the last wake. `clock_s` is what the device's own
    clock shows then: it begins in 2000, until the device sets it. `drift_ppm`: by which that runs too fast.
    """

    def __init__(self, folder: Path, port: str, config: dict, now_s: float, command: list[str] | None = None):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.now_s = now_s
        self.clock_s: float = NEVER_SET_S
        self.woken_s = now_s  # when the last wake began
        self.drift_ppm = 0
        self.reset_cause = "power"
        self.beacons = folder / "beacons"  # what its Bluetooth sent
        self._began = 0.0
        self.port = port
        self.command = command or device.command()
        self.configure(config)

    def configure(self, config: dict):
        """Write config.json; the device reads it at its next start that is no wake."""
        (self.folder / "config.json").write_text(json.dumps(config))

    def wake(self, cause: str = "timer") -> Ended:
        """Run one wake to its end; then its sleep has passed. `cause`: of the wake, timer or button."""
        return self.finish(self.start(cause))

    def start(self, cause: str = "timer") -> subprocess.Popen:
        """Begin a wake, to be passed to `finish` or `kill`."""
        settings = {
            "reset_cause": self.reset_cause,
            "wake_cause": cause if self.reset_cause == "wake" else "",
            "time_ns": int(self.clock_s * 1e9),
            "beacons": str(self.beacons),
        }
        environment = device.environment(self.port, self.folder)
        environment[SETTINGS_VARIABLE] = json.dumps({**json.loads(environment[SETTINGS_VARIABLE]), **settings})
        (self.folder / SLEEP).unlink(missing_ok=True)
        self.woken_s = self.now_s
        self._began = time.monotonic()
        return subprocess.Popen(
            self.command,
            env=environment,
            process_group=0,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def time_s(self) -> float:
        """The time of day during a wake."""
        return self.now_s + time.monotonic() - self._began

    def finish(self, process: subprocess.Popen) -> Ended:
        """Wait for the end of this wake."""
        output, _ = process.communicate(timeout=_END_WITHIN_S)
        self.now_s = self.time_s()
        if process.returncode != SLEEP_STATUS:
            self.reset_cause = "reset"
            return Ended(process.returncode, None, output)
        asleep = json.loads((self.folder / SLEEP).read_text())
        sleep_s = asleep["ms"] / 1000
        self.reset_cause = "wake"
        self.pass_time(sleep_s, asleep["time_ns"] / 1e9)
        return Ended(process.returncode, sleep_s, output)

    def kill(self, process: subprocess.Popen, reset_cause: str = "watchdog"):
        """End this wake as a reset does. RTC memory is as it was saved last."""
        process.kill()
        process.communicate()
        self.reset_cause = reset_cause
        self.pass_time(time.monotonic() - self._began)

    def lose_power(self):
        """RTC memory and clock are lost."""
        (self.folder / "rtc").unlink(missing_ok=True)
        self.clock_s = NEVER_SET_S
        self.reset_cause = "power"

    def pass_time(self, seconds: float, from_clock_s: float | None = None):
        """Let time pass; the clock then showed this time."""
        self.now_s += seconds
        self.clock_s = (self.clock_s if from_clock_s is None else from_clock_s) + seconds * (1 + self.drift_ppm / 1e6)
