"""`chip.peak_over_idle`: how far a request raises the GC heap over idle, in a heap that has room for all of it.

Code that is loaded for a request is part of what is measured here. It is weighed by itself, and left out of the figure.
"""

import contextlib
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

from boards.host import SETTINGS_VARIABLE
from tools.bench.chip import deliveries, port
from tools.bench.chip.device import SPEED, ChipDevice, Delivery
from tools.bench.chip.life import PATHS, answer_of
from tools.bench.chip.sets import SETS
from tools.bench.fast import Fast
from tools.dev.demo import wait_until

_ROOMY_BYTES = 170 * 1024
_SECOND_REGION_BYTES = 90_000
_SETTLED_S = 30
_POLL_S = 10
_ANSWER_WITHIN_S = 100
_SET = "page_history"
# What is loaded for a path, in the order in which it is.
_CODE = {
    "/api/v1/history?span=24h": (
        "evencell.forward.http.history_json",
        "evencell.history.reader",
        "evencell.history.health",
    ),
    "/metrics": ("evencell.forward.http.metrics", "evencell.forward.http.metrics_fields"),  # the largest of its parts
    "/api/v1/crashes": ("evencell.runtime.crash_file",),
}
_WEIGH = """
import gc, json, sys
sys.path.insert(0, {tree!r})
import board, evencell.app, evencell.link.poller, evencell.forward.http.routes, evencell.history.recorder
# The start interns names, which stay: without them the first module here would pay for a larger table of names.
import evencell.startup, evencell.config.load, evencell.config.check
result = []
for name in {names!r}:
    gc.collect()
    before = gc.mem_alloc()
    __import__(name)
    gc.collect()
    result.append(gc.mem_alloc() - before)
print(json.dumps(sum(result)))
"""


def measure() -> dict:
    """The figure: the most of all paths, data alone."""
    most = max(raised - code for raised, code in peaks().values())
    return {"chip.peak_over_idle": {"value": most, "unit": "B"}}


def peaks() -> dict[str, tuple[int, int]]:
    """By path: bytes over idle at most, and how many of them are code that is loaded for it."""
    wanted = SETS[_SET]
    tree = deliveries.tree(wanted.profile)
    environment = {"EVENCELL_CHIP_FIXED_GC_HEAP": "1", "EVENCELL_CHIP_SECOND_REGION": str(_SECOND_REGION_BYTES)}
    delivery = Delivery("files", port.stock(), tree, _ROOMY_BYTES, environment)
    with tempfile.TemporaryDirectory(prefix="evencell-") as folder, contextlib.ExitStack() as running:
        fast = Fast(Path(folder), running, SPEED)
        config = wanted.config(fast.http_port, None)
        device = ChipDevice(delivery, config, "network 1\ngc 0\n", Path(folder) / "device", running, fast)
        device.start(fast.simulator())
        wait_until(lambda: bool(device.figures.read().joined), "the network of the model")
        return {path: (_raised(device, fast.http_port, path), _code_bytes(tree, path)) for path in PATHS}


def _raised(device: ChipDevice, http_port: int, path: str) -> int:
    """By how many bytes a request raises what is in use after a collection."""
    time.sleep(_SETTLED_S / SPEED)
    idle = device.figures.read().gc_live
    device.figures.reset()
    answer_of(http_port, path, _ANSWER_WITHIN_S / SPEED)
    time.sleep(_POLL_S / SPEED)
    return max(0, device.figures.read().gc_live_most - idle)


def _code_bytes(tree: Path, path: str) -> int:
    """What the modules for a path take."""
    names = _CODE.get(path, ())
    if not names:
        return 0
    code = _WEIGH.format(tree=str(tree), names=names)
    settings = {**os.environ, SETTINGS_VARIABLE: json.dumps({"data": str(tree)})}
    command = [str(port.stock()), "-X", "heapsize=4M", "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tree, env=settings)
    return json.loads(result.stdout.splitlines()[-1])
