"""A device of the model that is set up by phone: memory in setup mode, with an access point as large as it is claimed
to be.
"""

import contextlib
import json
import socket
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path

from tools.bench.chip import deliveries
from tools.bench.chip.device import SPEED, ChipDevice, Delivery
from tools.bench.chip.life import Life
from tools.bench.chip.measure import CASES, FROM_FILES, GC_TO_SPARE_BYTES
from tools.bench.fast import Fast

_START_WITHIN_S = 60
_SETTLED_S = 20
_IDLE_S = 10
_ANSWER_WITHIN_S = 60
_TRIED_WITHIN_S = 90
_ROUNDS = 3
_POLL_S = 0.02
_PATHS = ("/generate_204", "/", "/api/v1/session", "/api/v1/networks", "/api/v1/setup")
_WANTED = {
    "language": "en",
    "name": "Scooter",
    "network": {"ssid": "model", "password": "a simulated network"},
    "password": "four words are good",
    "pack": {"chemistry": "lfp", "capacity_ah": 20, "cells": 4},
}
_REFUSED = {**_WANTED, "name": ""}


# As much as any promised set has claimed, and nothing, as after a start without a network.
GC_BYTES = (max(case.gc_bytes for case in CASES if case.is_promised), 0)


def measure() -> dict:
    """Figures for `make bench`, the worse of both; 0 where it was not set up."""
    lives = [live(deliveries.files("full"), gc_bytes) for gc_bytes in GC_BYTES]
    loads = [life.load for life in lives if life.load]
    is_set_up = all(life.lives for life in lives)
    least = {
        "network_free_min": min(load.least_free for load in loads) if is_set_up else 0,
        "network_largest_min": min(load.least_largest for load in loads) if is_set_up else 0,
    }
    return {f"chip.setup_files.{what}": {"value": value, "unit": "B"} for what, value in least.items()}


def live(delivery: Delivery, gc_bytes: int) -> Life:
    """Switch on an unconfigured device, with a GC heap of this size (0: nothing is claimed), and set it up."""
    plan = f"network 1\ngc {gc_bytes}\n"
    with tempfile.TemporaryDirectory(prefix="evencell-") as folder, contextlib.ExitStack() as running:
        return _FirstContact(delivery, plan, Path(folder), running).life


class _FirstContact:
    """A run in progress. Times are simulated ones."""

    def __init__(self, delivery: Delivery, plan: str, folder: Path, running: contextlib.ExitStack):
        self.life = Life()
        fast = Fast(folder, running, SPEED)
        self._port = fast.http_port
        config = {"http": {"host": "127.0.0.1", "port": self._port}, "display": {"driver": "none"}}
        board = {"dns_port": _free_udp_port()}
        self._device = ChipDevice(delivery, config, plan, folder / "device", running, fast, board)
        self._device.start(fast.simulator())
        try:
            if self._waited(lambda: "page at" in self._device.text(), _START_WITHIN_S):
                self._measure()
            else:
                self.life.problems.append("it did not start")
        finally:
            self.life.log = self._device.text()
            self.life.trace = self._device.trace_text()

    def _measure(self):
        figures, life = self._device.figures, self.life
        time.sleep(_SETTLED_S / SPEED)
        figures.reset()
        time.sleep(_IDLE_S / SPEED)
        life.idle = figures.read()
        figures.reset()
        for _ in range(_ROUNDS):
            for path in _PATHS:
                self._ask("GET", path)
            self._ask("POST", "/api/v1/setup", _REFUSED)
        self._ask("POST", "/api/v1/setup", _WANTED)
        if not self._waited(lambda: self._ask("GET", "/api/v1/setup").get("state") != "trying", _TRIED_WITHIN_S):
            life.problems.append("the network was not joined")
        state = self._ask("GET", "/api/v1/setup")
        life.load = figures.read()
        if state.get("state") != "done":
            life.problems.append(f"it was not set up: {state}")
        if life.load.least_free < FROM_FILES.use or life.load.least_largest < FROM_FILES.largest:
            life.problems.append(f"{life.load.least_free} bytes free, {life.load.least_largest} in one piece")
        if life.load.gc_total - life.load.gc_live_most < GC_TO_SPARE_BYTES:
            life.problems.append(f"{life.load.gc_total - life.load.gc_live_most} bytes of the GC heap to spare")
        if life.load.refused:
            life.problems.append(f"{life.load.refused} claims found no room")
        if any(word in self._device.text() for word in ("Traceback", "MemoryError")) or self._device.starts > 1:
            life.problems.append("its log has a traceback or a MemoryError, or it restarted")

    def _waited(self, condition, seconds: float) -> bool:
        end_s = time.monotonic() + seconds / SPEED
        while self._device.is_running() and time.monotonic() < end_s:
            if condition():
                return True
            time.sleep(_POLL_S)
        return False

    def _ask(self, method: str, path: str, body: dict | None = None) -> dict:
        """The JSON of the answer; {} of another one."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=_ANSWER_WITHIN_S / SPEED)
        try:
            data = None if body is None else json.dumps(body)
            connection.request(method, path, data, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = answer.read()
        except OSError as error:
            self.life.problems.append(f"{path}: {error}")
            return {}
        finally:
            connection.close()
        self.life.answered += 1
        if answer.status not in (200, 202, 302, 400):
            self.life.problems.append(f"{method} {path}: status {answer.status}")
        return json.loads(content) if content.startswith(b"{") else {}


def _free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
