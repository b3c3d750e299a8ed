"""How near polling comes to the wire's limit, and what it takes of the heap: real firmware modules on MicroPython."""

import json
import os
import statistics
import subprocess
import tempfile
from pathlib import Path

from tools.build.common import tool
from tools.build.tree import build
from tools.dev.device import micropython

WIRE_MS = 84.4  # (7 + 74) bytes of 10 bits at 9600 baud
_POLLS = 100
_SCRIPT = Path(__file__).with_name("poll_script.py")


def measure() -> dict:
    """`poll.wire_efficiency` and `poll.alloc_bytes`, against the simulator at true pace and without latency."""
    with tempfile.TemporaryDirectory(prefix="evencell-") as folder:
        link = str(Path(folder) / "balancer")
        simulator = [
            str(tool("evencell")),
            "sim",
            "--link",
            link,
            "--latency-ms",
            "0",
            "--cells",
            "3301,3302,3299,3300",
        ]
        process = subprocess.Popen(simulator, stdout=subprocess.PIPE, text=True)
        try:
            ready = process.stdout
            if ready is not None:
                ready.readline()
            polled = poll(link)
        finally:
            process.terminate()
            process.wait()
    period_ms = statistics.median(polled["periods_ms"])
    return {
        "poll.wire_efficiency": {"value": round(WIRE_MS / period_ms, 4), "unit": "ratio"},
        "poll.alloc_bytes": {"value": max(polled["alloc_bytes"]), "unit": "B"},
        "poll.kept_bytes": {"value": polled["kept_bytes"], "unit": "B"},
    }


def poll(link: str) -> dict:
    """Run the script on MicroPython; returns what it prints."""
    environment = {**os.environ, "MICROPYPATH": f"{build('host')}:.frozen"}
    command = [micropython(), str(_SCRIPT), link, str(_POLLS)]
    return json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)
