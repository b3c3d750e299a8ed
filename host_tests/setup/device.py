"""A device in setup mode on CPython, with a clock that jumps, and a phone that visits its setup page."""

import asyncio
import json
from types import SimpleNamespace

from boards.host import RESTART_STATUS, Board
from evencell import startup
from evencell.forward.http.server import Request
from evencell.setup.site import Site
from host_tests.broker import free_port
from host_tests.jumping import JumpingLife, JumpingSelector

MINUTE_S = 60
AIR = {"Home": "correct horse", "Camping": None, "Cellar": "silent", "Attic": {"password": "x" * 8, "hidden": True}}
PASSWORD = "a good password"
WANTED = {
    "language": "de",
    "name": "Scooter",
    "network": {"ssid": "Home", "password": "correct horse", "hidden": False},
    "password": PASSWORD,
    "pack": {"chemistry": "nmc", "capacity_ah": 30, "cells": 4},
}
HOME = {"ssid": "Home", "password": "correct horse"}
OLD = {
    "name": "Old",
    "wifi": {"networks": [{"ssid": "Work", "password": "battery staple"}]},
    "auth": {
        "password_hash": "pbkdf2-sha256$1$" + 32 * "0" + "$" + 64 * "0",
        "tokens": [{"name": "x", "hash": "0" * 64}],
    },
    "mqtt": {"enabled": True, "host": "192.0.2.1"},
}


class RestartingBoard(Board):
    """Its restart ends the task that asks for it. `restarted`: the time of the first one."""

    restarted_s = None

    def restart(self):
        if self.restarted_s is None:
            self.restarted_s = self.now_s()
        try:
            super().restart()
        except SystemExit as ending:
            assert ending.code == RESTART_STATUS
        raise asyncio.CancelledError


class Device(JumpingLife):
    """A device in `folder` that is switched on; after a restart of its own it has to be `restarted`."""

    def __init__(self, folder, monkeypatch, config=None, *, shows_display=False, restarted=False):
        (folder / "air.json").write_text(json.dumps(AIR))
        if config is not None:
            (folder / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
        self.folder = folder
        overrides = {"http": {"host": "127.0.0.1", "port": free_port()}, "display": {"driver": "none"}}
        settings = {
            "data": str(folder),
            "air": str(folder / "air.json"),
            "overrides": overrides,
            "dns_port": 1 + free_port(),
            "reset_cause": "reset" if restarted else "power",
        }
        super().__init__(monkeypatch, JumpingSelector(), RestartingBoard(settings))
        self.board.now_s = self.uptime_s
        if shows_display:
            self.context.display = SimpleNamespace(summary=lambda: {"state": "on"})

    def restart_s(self) -> float:
        """When it restarted by itself."""
        assert self.board.restarted_s is not None
        return self.board.restarted_s

    def config(self) -> dict | None:
        path = self.folder / "config.json"
        return json.loads(path.read_text()) if path.exists() else None

    def access_point(self) -> dict | None:
        """What is open, with `ssid` and `password`."""
        path = self.folder / "access_point"
        return json.loads(path.read_text()) if path.exists() else None

    def uptime_s(self) -> float:
        return self.context.clock.uptime_ms() / 1000


class Phone:
    """Asks the site of a device in setup mode."""

    def __init__(self, context):
        self._site = Site(context, context.setup)

    def ask(self, method: str, path: str, body: dict | bytes | None = None, *headers: str, host: str = "127.0.0.1"):
        data = json.dumps(body).encode() if isinstance(body, dict) else body or b""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(data)}", *headers]
        request = Request(lines)
        request.body = data if len(data) <= 2_048 else None
        return self._site.respond(request)

    def get(self, path: str) -> dict:
        answer = self.ask("GET", path)
        assert answer.status == 200, answer.body
        return json.loads(b"".join(answer.body))

    def post(self, path: str, body: dict | bytes, *headers: str) -> tuple[int, dict]:
        answer = self.ask("POST", path, body, *(headers or ("Content-Type: application/json",)))
        return answer.status, json.loads(b"".join(answer.body))

    async def result(self) -> dict:
        """The state once a network was tried."""
        while self.get("/api/v1/setup")["state"] == "trying":
            await asyncio.sleep(1)
        return self.get("/api/v1/setup")


def beside(visit):
    """A task that lets a phone visit the setup page, as soon as the access point is open; raises what that raises."""
    failures = []

    async def run(context):
        while not (context.setup and context.setup.ends_ms):
            await asyncio.sleep(1)
        try:
            await visit(Phone(context), context)
        except AssertionError as failure:
            failures.append(failure)

    run.failures = failures
    return run


def visited(device: Device, seconds: float, visit):
    task = beside(visit)
    device.live(seconds, task)
    assert not task.failures, task.failures


def is_wanted(device) -> bool:
    """Whether the start would be in setup mode: as far as startup.py loads."""
    startup.load(device.context)
    return device.context.profile == "setup"


def ask_for_setup(folder):
    """As the button does."""
    (folder / "learned.json").write_text('{"setup": true}')
