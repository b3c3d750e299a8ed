"""Jitter of the poll interval at 1 Hz while four browsers watch, MQTT publishes, logins are checked and the display is
drawn; and the same while the web server is attacked."""

import contextlib
import json
import os
import pty
import select
import subprocess
import sys
import tempfile
import threading
import time
import tty
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from random import Random

from evencell.protocol.jk_balancer import REQUEST_BYTES
from tools.dev import device
from tools.dev.demo import free_port, start, start_broker
from tools.dev.login import password_hash
from tools.sim.answers import encode_status
from tools.sim.balancer import Balancer
from tools.sim.chemistry import CHEMISTRIES
from tools.sim.pack import default_pack

_POLLS = 60
_WARM_UP = 5
_BROWSERS = 4
_INTERVAL_S = 1.0
_LOGIN_S = 0.5
_PASSWORD = "correct horse"
_TIMEOUT_S = 10


def measure() -> dict:
    """`poll.jitter_ms_p99`, and `poll.attacked_jitter_ms_p99` while attackers.py runs, too."""
    return {
        name: {"value": round(percentile(lateness_ms(poll_times_s(is_attacked)), 0.99), 1), "unit": "ms"}
        for name, is_attacked in (("poll.jitter_ms_p99", False), ("poll.attacked_jitter_ms_p99", True))
    }


def poll_times_s(is_attacked: bool) -> list[float]:
    """The time of each poll of a run."""
    with tempfile.TemporaryDirectory(prefix="evencell-") as folder, contextlib.ExitStack() as running:
        master_fd, slave_fd = pty.openpty()
        tty.setraw(slave_fd)
        http_port = start_all(Path(folder), running, os.ttyname(slave_fd))

        def load():
            watch(http_port)
            if is_attacked:
                start(running, [sys.executable, "-m", "tools.bench.attackers", str(http_port)])

        return answer_polls(master_fd, load)


def start_all(folder: Path, running: contextlib.ExitStack, port: str) -> int:
    """Start broker and firmware; returns the page's port."""
    mqtt_port = start_broker(running, folder)
    http_port = free_port(8080)
    overrides = device.overrides(f"127.0.0.1:{http_port}", f"127.0.0.1:{mqtt_port}", None)
    overrides["mqtt"]["publish_s"] = 1
    overrides["auth"] = {"password_hash": password_hash(_PASSWORD)}
    environment = device.environment(port, folder / "data", overrides=overrides)
    start(running, device.command(), env=environment, stdout=subprocess.DEVNULL)
    return http_port


def answer_polls(master_fd: int, load: Callable[[], object]) -> list[float]:
    """Answer as the balancer; returns the time of each request after the warm-up, at whose end `load` is called."""
    balancer = Balancer(default_pack(CHEMISTRIES["lfp"], 20, Random(1)))
    frame = encode_status(1, balancer.reading())
    times_s = []
    received_bytes = 0
    while len(times_s) < _POLLS + _WARM_UP:
        if not select.select([master_fd], [], [], _TIMEOUT_S)[0]:
            raise TimeoutError("the firmware does not poll")
        received_bytes += len(os.read(master_fd, REQUEST_BYTES))
        if received_bytes >= REQUEST_BYTES:
            received_bytes = 0
            times_s.append(time.monotonic())
            os.write(master_fd, frame)
        if len(times_s) == _WARM_UP and received_bytes == 0:
            load()
    return times_s[_WARM_UP:]


def watch(http_port: int):
    """Four browsers, each with an event stream, and one that logs in again and again; they end with the firmware."""
    for _ in range(_BROWSERS):
        threading.Thread(target=follow, args=(f"http://127.0.0.1:{http_port}/api/v1/events",), daemon=True).start()
    threading.Thread(target=log_in, args=(f"http://127.0.0.1:{http_port}/api/v1/login",), daemon=True).start()


def log_in(url: str):
    body = json.dumps({"password": _PASSWORD}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    is_alive = True
    while is_alive:
        try:
            urllib.request.urlopen(request, timeout=_TIMEOUT_S).close()
        except urllib.error.HTTPError:
            pass  # others try passwords
        except OSError as problem:
            is_alive = not isinstance(getattr(problem, "reason", problem), ConnectionRefusedError)
        time.sleep(_LOGIN_S)


def follow(url: str):
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=_TIMEOUT_S) as stream:
        for _ in stream:
            pass


def lateness_ms(times_s: list[float]) -> list[float]:
    """Delay of each request against a fixed interval; the earliest one has none."""
    offsets_s = [time_s - number * _INTERVAL_S for number, time_s in enumerate(times_s)]
    return [1000 * (offset_s - min(offsets_s)) for offset_s in offsets_s]


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]
