"""The smallest heap in which each profile runs ten minutes, found by halving: `heap.*_64_kib`.

On MicroPython's unix port, whose objects are of 64 bits; simulator, broker and firmware run under `faketime`.
"""

import contextlib
import subprocess
import tempfile
from pathlib import Path

from tools.bench.fast import Fast
from tools.bench.watchers import Stream

# What each profile is measured with, and the KiB between which its smallest heap is looked for.
PROFILES = {"full": (140, 300), "display": (70, 190), "telemetry": (70, 190)}
STEP_KIB = 4
STREAMS = 4
SIMULATED_S = 600
_SPEED = 40


def measure() -> dict:
    """The `heap.*_64_kib` figures."""
    return {
        f"heap.{profile}_64_kib": {"value": smallest(profile, *limits), "unit": "KiB"}
        for profile, limits in PROFILES.items()
    }


def smallest(profile: str, too_small_kib: int, enough_kib: int) -> int:
    """The smallest heap, to `STEP_KIB`, in which the profile runs."""
    while enough_kib - too_small_kib > STEP_KIB:
        middle_kib = (too_small_kib + enough_kib) // 2 // STEP_KIB * STEP_KIB
        if runs(profile, middle_kib):
            enough_kib = middle_kib
        else:
            too_small_kib = middle_kib
    return enough_kib


def runs(profile: str, heap_kib: int) -> bool:
    """Whether the firmware lives through the simulated time in this heap, without a part that failed."""
    with tempfile.TemporaryDirectory(prefix="evencell-") as folder, contextlib.ExitStack() as running:
        fast = Fast(Path(folder), running, _SPEED)
        port = fast.simulator()
        overrides = {"profile": profile, "http": {"enabled": profile == "full", "host": "127.0.0.1"}}
        overrides["http"]["port"] = fast.http_port
        if profile != "display":
            overrides["mqtt"] = {"enabled": True, "host": "127.0.0.1", "port": fast.broker()}
        log = Path(folder) / "log"
        firmware = fast.firmware(port, overrides, heap=f"{heap_kib}k", log=log)
        if profile == "full" and not all(Stream(fast.http_port, running).opened for _ in range(STREAMS)):
            return False
        with contextlib.suppress(subprocess.TimeoutExpired):
            firmware.wait(SIMULATED_S / _SPEED)
        return firmware.poll() is None and is_sound(log.read_text())


def is_sound(log: str) -> bool:
    """Whether the log shows a device that works, and nothing that failed."""
    return "link online" in log and "Traceback" not in log and "failed" not in log and "MemoryError" not in log
