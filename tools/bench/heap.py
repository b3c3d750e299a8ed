"""The smallest heap in which each profile runs ten minutes, found by halving: `heap.*_64_kib`.

On MicroPython's unix port, whose objects are of 64 bits; simulator, broker and firmware run under `faketime`. The
profile `telemetry` is measured as it is meant, asleep between its readings, and awake as `telemetry_awake`.
"""

import contextlib
import functools
import subprocess
import tempfile
import time
from pathlib import Path

from tools.bench.asleep import Broker
from tools.bench.fast import Fast
from tools.bench.watchers import Stream
from tools.dev import device
from tools.dev.scripted_balancer import ScriptedBalancer
from tools.dev.sleeper import Sleeper

# Limits in KiB of the search for the smallest heap.
LIMITS_KIB = {"full": (140, 300), "display": (70, 190), "telemetry": (70, 250), "telemetry_awake": (70, 190)}
STEP_KIB = 4
STREAMS = 4
SIMULATED_S = 600
_SPEED = 40
_POLL_S = 0.5
_WAKES = 9
_REPORTING_WAKE = 6  # with a backlog on the flash and in RTC memory


def measure() -> dict:
    """The `heap.*_64_kib` figures."""
    searches = {
        "full": functools.partial(runs, "full"),
        "display": functools.partial(runs, "display"),
        "telemetry": sleeps,
        "telemetry_awake": functools.partial(runs, "telemetry"),
    }
    return {
        f"heap.{name}_64_kib": {"value": smallest(suffices, *LIMITS_KIB[name]), "unit": "KiB"}
        for name, suffices in searches.items()
    }


def smallest(suffices, too_small_kib: int, enough_kib: int) -> int:
    """The smallest heap, to `STEP_KIB`, for which `suffices(heap_kib)` is true."""
    while enough_kib - too_small_kib > STEP_KIB:
        middle_kib = (too_small_kib + enough_kib) // 2 // STEP_KIB * STEP_KIB
        if suffices(middle_kib):
            enough_kib = middle_kib
        else:
            too_small_kib = middle_kib
    return enough_kib


def runs(
    profile: str, heap_kib: int, changes: dict | None = None, speed=_SPEED, life_s=SIMULATED_S, command=device.command
) -> bool:
    """Whether the firmware runs that long in this heap, and no part fails.

    `changes` of the configuration; `speed` of its life; `command(heap)`: how it is started.
    """
    with tempfile.TemporaryDirectory(prefix="evencell-") as folder, contextlib.ExitStack() as running:
        fast = Fast(Path(folder), running, speed)
        port = fast.simulator()
        overrides = {"profile": profile, "http": {"enabled": profile == "full", "host": "127.0.0.1"}}
        overrides["http"]["port"] = fast.http_port
        if profile != "display":
            overrides["mqtt"] = {"enabled": True, "host": "127.0.0.1", "port": fast.broker()}
        log = Path(folder) / "log"
        firmware = fast.firmware(port, {**overrides, **(changes or {})}, f"{heap_kib}k", log, command=command)
        if profile == "full" and not all(Stream(fast.http_port, running).opened for _ in range(STREAMS)):
            return False
        return lives(firmware, log, life_s / speed)


def sleeps(heap_kib: int) -> bool:
    """Whether a device that sleeps starts, reads, spills and reports in this heap."""
    with tempfile.TemporaryDirectory(prefix="evencell-") as folder, contextlib.ExitStack() as running:
        broker = Broker(Path(folder), running)
        balancer = running.enter_context(ScriptedBalancer())
        config = {
            "profile": "telemetry",
            "time": {"servers": []},
            "power": {"interval_s": 900, "spill_every": 4, "awake_s": 0},
            "mqtt": {"enabled": True, "host": "127.0.0.1", "port": broker.port},
        }
        sleeper = Sleeper(Path(folder) / "device", balancer.port, config, 0, device.command(f"{heap_kib}k"))
        ended = [sleeper.wake("button" if number == _REPORTING_WAKE else "timer") for number in range(_WAKES)]
    return all(each.sleep_s is not None and not has_failed(each.output) for each in ended)


def lives(firmware: subprocess.Popen, log: Path, for_s: float) -> bool:
    """Whether it works all that time; returns at the first failure."""
    end_s = time.monotonic() + for_s
    while firmware.poll() is None and not has_failed(log.read_text()) and time.monotonic() < end_s:
        time.sleep(_POLL_S)
    return firmware.poll() is None and is_sound(log.read_text())


def is_sound(log: str) -> bool:
    """Whether the log shows a working device and no failure."""
    return "link online" in log and not has_failed(log)


def has_failed(log: str) -> bool:
    """Whether the log shows a failure."""
    return any(word in log for word in ("Traceback", "failed", "MemoryError"))
