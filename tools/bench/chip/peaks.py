"""`chip.peak_over_idle`: how far a request raises the GC heap over idle, in a heap that has room for all of it.

Code that is loaded for a request is part of what is measured here. It is weighed by itself, and left out of the figure.
"""

import base64
import contextlib
import http.client
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from boards.host import SETTINGS_VARIABLE
from tools.bench.chip import deliveries, port
from tools.bench.chip.device import SPEED, ChipDevice, Delivery
from tools.bench.chip.life import PATHS
from tools.bench.chip.sets import SETS
from tools.bench.fast import Fast
from tools.build.flatten import flat_name
from tools.build.imports import module_of
from tools.dev.demo import wait_until
from tools.dev.login import password_hash

_ROOMY_BYTES = 170 * 1024
_SECOND_REGION_BYTES = 90_000
_SETTLED_S = 30
_POLL_S = 10
_COLLECT_BYTES = 1_024
_RECORD_S = 900  # of the history: its code is loaded when one is over, after that of a request
_REQUEST_S = 150  # at most, with what settles before
_ANSWER_WITHIN_S = 6_000  # a password takes seconds of a busy computer
_SET = "page_history"
_PASSWORD = "correct horse battery"
_OTHER_PASSWORD = "staple horse correct"


class Request(NamedTuple):
    """A request, and the modules that are loaded for it at the same time at most, in the order in which they are."""

    method: str
    path: str
    body: dict | None = None
    code: tuple[str, ...] = ()


def owners_config(config: dict) -> dict:
    """A configuration with as much in it as an owner's may have."""
    home = {"ssid": "Home of the owner", "password": "a password of some length"}
    broker = {"host": "192.168.1.5", "user": "scooter", "password": "a password of some length"}
    return config | {
        "name": "Scooter",
        "packs": [{"name": "front", "chemistry": "lfp", "capacity_ah": 30, "cells": 4}],
        "wifi": {"networks": [*config["wifi"]["networks"], home], "country": "DE", "hostname": "scooter"},
        "time": {"zone": "CET-1CEST,M3.5.0,M10.5.0/3", "servers": ["192.168.1.1", "pool.ntp.org"]},
        "mqtt": config.get("mqtt", broker),
        "update": {"keys": [{"name": "owner", "modulus": base64.b64encode(b"\xff" * 384).decode()}]},
        "auth": {"password_hash": password_hash(_PASSWORD)},
    }


_HTTP = "evencell.forward.http."
_CONFIG = "evencell.config."
_OTHER_CONFIG = (
    _HTTP + "private.config_change",
    *(_CONFIG + name for name in ("complete", "faults", "complete_list", "labels")),
)
_PASSWORDS = (_HTTP + "auth", _HTTP + "attempts", _HTTP + "pbkdf2")
_BODY = (_HTTP + "body", "evencell.storage.strict_json")
# What is loaded for a path that is open to all.
_CODE = {
    "/api/v1/history?span=24h": (_HTTP + "history_json", "evencell.history.reader", "evencell.history.health"),
    "/metrics": (_HTTP + "metrics_text", _HTTP + "metrics_device"),  # the largest of its parts
    "/api/v1/crashes": ("evencell.runtime.crash_file",),
}
_CHANGE = {"name": "Rear", "mqtt": {"publish_s": 60}, "wifi": {"hostname": "rear"}}
_OF_ALL = tuple(Request("GET", path, code=_CODE.get(path, ())) for path in PATHS)
_OF_CONFIG = (
    Request("GET", "/api/v1/config", None, (_HTTP + "private.config_json", _CONFIG + "complete")),
    Request("PATCH", "/api/v1/config", _CHANGE, _OTHER_CONFIG),
    Request("GET", "/api/v1/backup", None, (_HTTP + "private.backup",)),
    Request(
        "POST",
        "/api/v1/backup",
        {"passphrase": _PASSWORD},
        (_HTTP + "private.encrypted_backup", _HTTP + "backup_cipher"),
    ),
    Request("POST", "/api/v1/restore", owners_config(SETS[_SET].config(80, None)), _OTHER_CONFIG),
)


def _of_the_door(old: str, new: str, token: str) -> tuple[Request, ...]:
    """A new token, another password, and the login with that."""
    return (
        Request("POST", "/api/v1/tokens", {"name": token}, (_HTTP + "private.tokens", *_BODY)),
        Request("POST", "/api/v1/password", {"old": old, "new": new}, (_HTTP + "private.password", *_BODY)),
        Request("POST", "/api/v1/login", {"password": new}, _PASSWORDS),
    )


# Names that are interned stay: in the first round one of the requests pays for a larger table of names.
ROUNDS = (
    (*_OF_ALL, *_OF_CONFIG, *_of_the_door(_PASSWORD, _OTHER_PASSWORD, "first")),
    (*_OF_ALL, *_OF_CONFIG, *_of_the_door(_OTHER_PASSWORD, _PASSWORD, "second")),
)
_RESIDENT = ("evencell.app", "evencell.link.poller", _HTTP + "routes", "evencell.history.recorder", "evencell.startup")
_WEIGH = """
import gc, json, sys
sys.path.insert(0, {tree!r})
import board
for name in {resident!r}:
    __import__(name)
from evencell.app import lazy
# Names that are interned stay: without this the first module here would pay for a larger table of names.
for name in {names!r}:
    with lazy(name):
        pass
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
    """The figure: the most of all requests, data alone."""
    most = max(raised - code for raised, code in peaks().values())
    return {"chip.peak_over_idle": {"value": most, "unit": "B"}}


def peaks() -> dict[str, tuple[int, int]]:
    """By request: bytes over idle at most, and how many of them are code that is loaded for it."""
    tree = deliveries.tree(SETS[_SET].profile)
    with _device(tree) as (device, http_port):
        door = Door(http_port)
        assert door.log_in() == 204
        for request in ROUNDS[0]:
            door.response(request)
        found = {}
        for request in ROUNDS[1]:
            raised = _raised(device, door, request)
            found[f"{request.method} {request.path}"] = raised, _code_bytes(tree, request.code)
        return found


@contextlib.contextmanager
def _device(tree: Path):
    """A device as an owner has it, with room for all, and the port of its page."""
    environment = {"EVENCELL_CHIP_FIXED_GC_HEAP": "1", "EVENCELL_CHIP_SECOND_REGION": str(_SECOND_REGION_BYTES)}
    delivery = Delivery("files", port.stock(), tree, _ROOMY_BYTES, environment)
    with tempfile.TemporaryDirectory(prefix="evencell-") as folder, contextlib.ExitStack() as running:
        fast = Fast(Path(folder), running, SPEED)
        config = owners_config(SETS[_SET].config(fast.http_port, None))
        device = ChipDevice(delivery, config, "network 1\ngc 0\n", Path(folder) / "device", running, fast)
        device.start(fast.simulator())
        wait_until(lambda: bool(device.figures.read().joined), "the network of the model")
        yield device, fast.http_port


class Door:
    """Sends requests, with the session of its login."""

    def __init__(self, http_port: int):
        self._port = http_port
        self._cookie = ""

    def log_in(self) -> int:
        """Begin a session; the status."""
        return self.response(Request("POST", "/api/v1/login", {"password": _PASSWORD})).status

    def response(self, request: Request) -> http.client.HTTPResponse:
        """The response, which was read to its end."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_ANSWER_WITHIN_S / SPEED)
        body = None if request.body is None else json.dumps(request.body)
        headers = {"Cookie": self._cookie} | ({} if body is None else {"Content-Type": "application/json"})
        connection.request(request.method, request.path, body, headers)
        response = connection.getresponse()
        response.read()
        connection.close()
        self._cookie = response.headers.get("Set-Cookie", self._cookie).partition(";")[0]
        return response


def _raised(device: ChipDevice, door: Door, request: Request) -> int:
    """By how many bytes a request raises what is in use after a collection, while no record of the history ends."""
    left_s = _RECORD_S - device.figures.read().now_s % _RECORD_S
    if left_s < _REQUEST_S:
        time.sleep(left_s / SPEED)
    device.figures.collect_every(_COLLECT_BYTES)  # else the peak of each run would be another
    time.sleep(_SETTLED_S / SPEED)
    idle = device.figures.read().gc_live
    status = 408
    while status == 408:  # a busy computer sent the body too late
        device.figures.reset()
        status = door.response(request).status
    assert status in (200, 201, 204, 404), f"{request.method} {request.path}: status {status}"
    time.sleep(_POLL_S / SPEED)
    return max(0, device.figures.read().gc_live_most - idle)


def _code_bytes(tree: Path, names: tuple[str, ...]) -> int:
    """What these modules take."""
    if not names:
        return 0
    code = _WEIGH.format(tree=str(tree), resident=_on_a_chip(_RESIDENT), names=_on_a_chip(names))
    settings = {**os.environ, SETTINGS_VARIABLE: json.dumps({"data": str(tree)})}
    command = [str(port.stock()), "-X", "heapsize=4M", "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tree, env=settings)
    return json.loads(result.stdout.splitlines()[-1])


def _on_a_chip(modules: tuple[str, ...]) -> list[str]:
    return [module_of(flat_name(f"{module.replace('.', '/')}.py")) for module in modules]
