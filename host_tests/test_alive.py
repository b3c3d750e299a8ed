"""The application's own loop on CPython, with a clock that jumps: days of running in seconds, and what gets stuck."""

import asyncio
import itertools
import json
import socket
from types import SimpleNamespace

import pytest

from boards.host import Board
from evencell import app
from evencell.hub import Hub
from evencell.link.bus import Rs485Bus
from evencell.link.poller import Poller
from host_tests.fakes import FakeClock
from host_tests.jumping import JumpingLife, JumpingSelector
from host_tests.link.ports import ScriptedPort
from host_tests.link.test_poller import poll_of
from host_tests.runtime.test_crashes import entries

MINUTE_S = 60
DAY_S = 86_400
FEED_GAP_S = 10  # of a watchdog that waits for 60


class ScriptedBoard(Board):
    """This computer with a watchdog: `fed_s` is when it was fed, by the clock that jumps."""

    def __init__(self, folder, selector, config: dict):
        (folder / "config.json").write_text(json.dumps(config))
        super().__init__({"ports": [str(folder / "nothing")], "data": str(folder)})
        self._selector = selector
        self.fed_s = []

    def watchdog(self, _timeout_ms):
        return self

    def feed(self):
        self.fed_s.append(self._selector.now_s)


class Life(JumpingLife):
    """The application on a board with a watchdog."""

    def __init__(self, folder, monkeypatch, config: dict):
        selector = JumpingSelector()
        super().__init__(monkeypatch, selector, ScriptedBoard(folder, selector, config))

    def gaps_s(self) -> list[float]:
        return [after - before for before, after in itertools.pairwise(self.board.fed_s)] + [self.idle_s()]

    def idle_s(self) -> float:
        """Since it was last fed."""
        return self._selector.now_s - self.board.fed_s[-1]


def config_of(mqtt_port: int, **pack) -> dict:
    """Poller and MQTT, and nothing else: there is no framebuf on CPython."""
    mqtt = {"enabled": True, "host": "127.0.0.1", "port": mqtt_port}
    rules = {"builtin_rules": False}  # each evaluation imports its code anew: days would take minutes
    soon_silent = {"timeout_ms": 100}  # the line is looked at every 2 ms while an answer is awaited
    return {"profile": "telemetry", "mqtt": mqtt, "packs": [soon_silent | pack], "control": rules}


@pytest.fixture(params=["refuses", "is silent"])
def broker(request):
    """Port of a network that doesn't work."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        if request.param == "refuses":
            server.close()
            yield 9  # discard: nothing listens there
        else:
            yield server.getsockname()[1]


def test_ten_minutes_without_network_and_balancer_are_survived(tmp_path, monkeypatch, broker):
    life = Life(tmp_path, monkeypatch, config_of(broker, interval_ms=10_000))
    life.live(10 * MINUTE_S)
    assert max(life.gaps_s()) < FEED_GAP_S
    assert "next try in 60 s" in life.log()
    assert "late" not in life.log()


def test_a_day_between_two_polls_is_survived(tmp_path, monkeypatch):
    """The poller alone: a broker that is looked for all day takes most of the time."""
    config = config_of(9, interval_ms=1000 * DAY_S, timeout_ms=10_000) | {"mqtt": {"enabled": False}}
    life = Life(tmp_path, monkeypatch, config)
    life.context.log.level = 3
    life.live(1.1 * DAY_S)
    assert max(life.gaps_s()) < FEED_GAP_S
    assert life.context.hub.packs[0].bus.requests >= 3


def test_busy_event_loop_does_not_feed_the_watchdog(tmp_path, monkeypatch):
    async def busy(_context):
        await asyncio.sleep(10)
        life._selector.now_s += MINUTE_S  # as a loop that computes for a minute

    life = Life(tmp_path, monkeypatch, config_of(9))
    life.live(100, busy)
    assert max(life.gaps_s()) >= MINUTE_S
    assert life.idle_s() < FEED_GAP_S


def test_a_poller_that_is_stuck_leads_to_a_reset(tmp_path, monkeypatch):
    async def stick(context):
        await asyncio.sleep(MINUTE_S)
        await context.hub.packs[0].bus._lock.acquire()

    life = Life(tmp_path, monkeypatch, config_of(9))
    life.live(10 * MINUTE_S, stick)
    assert life.idle_s() > 7 * MINUTE_S
    assert "poller is late" in life.log()
    assert [crash["part"] for crash in entries(life.context.crashes)] == ["poller"]


def test_a_consumer_that_is_stuck_leads_to_a_reset(tmp_path, monkeypatch):
    async def consume(context):
        heartbeat = context.watchdog.heartbeat()
        consumer = context.hub.subscribe(heartbeat)

        async def run():
            for _ in range(5):
                await consumer.changed()
            await asyncio.Event().wait()

        context.supervisor.start("display", run, heartbeat)

    life = Life(tmp_path, monkeypatch, config_of(9))
    life.live(10 * MINUTE_S, consume)
    assert life.idle_s() > 5 * MINUTE_S
    assert "display is late" in life.log()


@pytest.mark.parametrize(
    ("boots", "minutes", "left", "slot"),
    [("2 b", 4, "2 b", "b new"), ("2 b", 6, None, "b"), ("4 b", 6, "4 b", "b new")],
    ids=["not yet", "proven", "in safe mode never"],
)
def test_a_start_that_lasts_five_minutes_is_proven(tmp_path, monkeypatch, boots, minutes, left, slot):
    (tmp_path / "boots").write_text(boots)
    (tmp_path / "slot").write_text("b new")
    quiet = {"http": {"enabled": False}, "display": {"driver": "none"}, "packs": [{"interval_ms": 60_000}]}
    Life(tmp_path, monkeypatch, quiet).live(minutes * MINUTE_S)
    assert (tmp_path / "boots").exists() == (left is not None)
    assert left is None or (tmp_path / "boots").read_text() == left
    assert (tmp_path / "slot").read_text() == slot


@pytest.mark.parametrize(("minutes", "restarts"), [(59, 0), (61, 1)])
def test_in_safe_mode_a_shortage_restarts_the_device_once_an_hour_at_most(tmp_path, monkeypatch, minutes, restarts):
    (tmp_path / "boots").write_text("4 b")
    quiet = {"http": {"enabled": False}, "display": {"driver": "none"}}
    life = Life(tmp_path, monkeypatch, quiet)
    restarted = []
    monkeypatch.setattr(app, "restart", lambda _context, part, reason: restarted.append((part, reason)))
    monkeypatch.setattr(life.context.heap, "tick", lambda _now_ms: None if restarted else "out of memory")
    life.live(minutes * MINUTE_S)
    assert restarted == [("network", "out of memory")] * restarts


def test_deadline_of_a_poll_is_its_worst_case():
    """Asked four times, each until its timeout and with a drain after it, and as often for a command in between."""
    deadlines_ms = []
    heartbeat = SimpleNamespace(set_deadline=deadlines_ms.append)
    line = Rs485Bus(ScriptedPort())
    poll = poll_of(line, interval_ms=5000)
    poller = Poller(line, [poll], Hub([], FakeClock()), None, heartbeat)

    async def scenario():
        task = asyncio.create_task(poller.run())
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(scenario())
    assert deadlines_ms == [8 * (100 + 1500) + 10_000]
