"""From the start of the interpreter to the first published reading, less what the wire needs: `boot.first_reading_ms`.

On MicroPython's unix port, in the profile `display`, against the simulator at true pace and without latency. The full
profile, with page and broker client, is reported beside it.
"""

import contextlib
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from tools.bench.poll import WIRE_MS
from tools.build.common import tool
from tools.dev import device
from tools.dev.demo import free_port, start

_STARTS = 9
_EXCHANGES = 2  # the first answer is doubted until a second one agrees


def measure() -> dict:
    """`boot.first_reading_ms`, and `boot.first_reading_full_ms`."""
    with tempfile.TemporaryDirectory(prefix="evencell-") as folder, contextlib.ExitStack() as running:
        link = Path(folder) / "balancer"
        command = [str(tool("evencell")), "sim", "--link", str(link), "--latency-ms", "0"]
        simulator = start(running, [*command, "--cells", "3301,3302,3299,3300"], stdout=subprocess.PIPE)
        assert simulator.stdout
        simulator.stdout.readline()
        return {
            "boot.first_reading_ms": {"value": typical(link, Path(folder) / "display", "display"), "unit": "ms"},
            "boot.first_reading_full_ms": {"value": typical(link, Path(folder) / "full", "full"), "unit": "ms"},
        }


def typical(link: Path, data: Path, profile: str) -> int:
    """The median of some starts."""
    return round(statistics.median(first_reading_ms(link, data, profile) for _ in range(_STARTS)))


def first_reading_ms(link: Path, data: Path, profile: str) -> float:
    """One start, until the log says that the balancer is online: that is with the first published reading."""
    http = {"host": "127.0.0.1", "port": free_port(8080)}
    environment = device.environment(str(link), data, overrides={"profile": profile, "http": http})
    command = device.command()
    started = time.monotonic()
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as firmware:
        try:
            assert firmware.stdout
            next(line for line in firmware.stdout if "link online" in line)
            return 1000 * (time.monotonic() - started) - _EXCHANGES * WIRE_MS
        finally:
            firmware.kill()
