"""What becomes of an update after the restart: the application's own loop on CPython, with a clock that jumps."""

import asyncio
import json
import sys

import pytest

from evencell import __version__
from evencell.update import conditions
from host_tests.broker import free_port
from host_tests.test_alive import MINUTE_S, Life

NOTHING = {"http": {"enabled": False}, "display": {"driver": "none"}, "packs": [{"interval_ms": 60_000}]}
UPDATE = {"state": "confirming", "kind": "files", "version": "9.9.9", "previous": __version__, "slot": "b"}
WORDS = {
    "answer": "the balancer did not answer",
    "page": "the page did not answer",
    "broker": "the broker did not connect",
}


def configured() -> dict:
    """With a page, and a broker that is not there."""
    local = {"enabled": True, "host": "127.0.0.1"}
    return {**NOTHING, "http": {**local, "port": free_port()}, "mqtt": {**local, "port": 9}}


class Device:
    """A flash in `folder`; `live` runs what is in slot `running`, and returns whether it restarted."""

    def __init__(self, folder, monkeypatch):
        self.folder = folder
        self._monkeypatch = monkeypatch
        self.events = []

    def write(self, slot: str, **changed):
        (self.folder / "slot").write_text(slot)
        update = {**UPDATE, "held": [], "reason": None, **changed}
        (self.folder / "update.json").write_text(json.dumps(update))

    def update(self) -> dict:
        return json.loads((self.folder / "update.json").read_text().partition("\n#")[0])

    def slot(self) -> str:
        return (self.folder / "slot").read_text()

    def live(self, minutes: float, running: str = "b", holds=(), config: dict = NOTHING) -> bool:
        """`holds(uptime_s)`, or names of conditions, say what holds."""
        self._monkeypatch.setattr(sys, "path", [running, *sys.path])
        life = Life(self.folder, self._monkeypatch, config)
        restarts = []
        life.board.restart = lambda: restarts.append(True) or asyncio.current_task().cancel()
        clock = life.context.clock

        async def holds_now(_context, name):
            return name in (holds(clock.uptime_ms() / 1000) if callable(holds) else holds)

        self._monkeypatch.setattr(conditions, "_holds", holds_now)
        hub = life.context.hub
        life.live(minutes * MINUTE_S)
        events = [hub.event(number) for number in range(max(0, hub.posted - 16), hub.posted)]
        self.events += [event[3:] for event in events if event[1] == "update"]
        self.log = life.log()
        return bool(restarts)


@pytest.fixture
def device(tmp_path, monkeypatch):
    return Device(tmp_path, monkeypatch)


def test_update_is_confirmed_once_all_that_held_holds(device):
    device.write("b new", held=["answer", "broker"])
    assert not device.live(1, holds=lambda uptime_s: ["answer", "broker"] if uptime_s > 30 else ["answer"])
    assert [name for name, _ in device.events] == ["confirming", "confirmed"]
    assert (device.update()["state"], device.update()["reason"]) == ("confirmed", None)
    assert device.slot() == "b new"  # boot.py goes on counting failed starts


def test_confirmed_update_is_proven_after_five_minutes(device):
    device.write("b new")
    assert not device.live(6)
    assert (device.update()["state"], device.slot()) == ("confirmed", "b")


@pytest.mark.parametrize("missing", [["answer"], ["page"], ["broker"], list(WORDS)])
def test_update_is_left_after_three_minutes_where_something_is_missing(device, missing):
    device.write("b new", held=list(WORDS))
    config = configured()
    assert not device.live(2.98, holds=[name for name in WORDS if name not in missing], config=config)
    assert device.slot() == "b new"
    assert device.live(3.2, holds=[name for name in WORDS if name not in missing], config=config)
    reason = ", ".join(WORDS[name] for name in WORDS if name in missing)
    assert device.slot() == f"a fell-back: {reason}"
    assert len(device.slot()) <= 99  # boot.py reads no more
    assert not (device.folder / "boots").exists()
    device.live(1, running="a")
    assert device.events[-1][0] == "rolled_back"
    assert device.update()["state"] == "rolled_back"
    why = f"within 3 minutes {reason}"
    assert device.update()["reason"] == f"evencell 9.9.9 was not kept: {why}; {__version__} runs again"


def test_what_is_not_configured_any_more_is_not_asked_for(device):
    device.write("b new", held=["page", "broker"])
    assert not device.live(1)
    assert device.update()["state"] == "confirmed"


def test_slot_that_boot_left_is_reported(device):
    device.write("a fell-back: b ended early 3 times", held=["answer"])
    assert not device.live(1, running="a")
    assert device.update()["reason"] == f"evencell 9.9.9 was not kept: it ended early 3 times; {__version__} runs again"
    assert [name for name, _ in device.events] == ["rolled_back"]
    assert not device.live(1, running="a")
    assert [name for name, _ in device.events] == ["rolled_back"]  # once


def test_slot_that_boot_left_after_the_confirmation_is_reported(device):
    device.write("a fell-back: evencell/hub.mpy is damaged in b", state="confirmed")
    assert not device.live(1, running="a")
    assert "evencell/hub.mpy is damaged in b" in device.update()["reason"]
    assert device.update()["state"] == "rolled_back"


def test_update_that_boot_came_back_to_is_kept(device):
    """The version before can't run any more: going back would not end."""
    device.write("b fell-back: board.py is damaged in a", held=["broker"])
    assert not device.live(4)
    assert device.update()["state"] == "confirmed"
    assert "board.py is damaged in a" in device.update()["reason"]


def test_another_version_that_came_over_usb_is_no_update(device):
    device.write("a", previous="0.0.1", version="0.0.2")
    assert not device.live(1, running="a")
    assert device.events == []
    assert device.update()["state"] == "confirming"


def test_confirmation_that_fails_is_no_confirmation(device):
    def holds(_uptime_s):
        raise ValueError("a bug")

    device.write("b new", held=["answer"])
    assert device.live(1, holds=holds)
    assert device.slot() == "a fell-back: it could not be confirmed"
    assert "ValueError: a bug" in device.log


def test_state_that_is_damaged_is_no_update(device):
    device.write("b new")
    (device.folder / "update.json").write_text('{"state": "conf')
    assert not device.live(6)
    assert device.slot() == "b"
    assert (device.folder / "update.json.bad").exists()
