"""Every setting from every source to every outcome: each outcome is told apart by its sentence, and kept.

The real writer at the simulated balancer, in one process: only the pty between them is left out, and time jumps.
"""

import asyncio
import json
from random import Random
from types import SimpleNamespace

import pytest

import evencell.compat
from evencell.compat import ticks_diff, ticks_ms
from evencell.control.event_log import read
from evencell.forward.http import pack_settings
from evencell.forward.mqtt.command_message import execute
from evencell.hub import Hub
from evencell.link.bus import Rs485Bus
from evencell.link.poller import Poller, make_poll
from evencell.link.writable import enable_writing
from evencell.pack.settings import CommandError
from evencell.pack.temperature import TemperatureScale
from evencell.protocol.jk_balancer import READ, REQUEST_BYTES
from evencell.storage.faults import StorageFaults
from host_tests.fakes import FakeClock, FakeLog
from host_tests.jumping import JumpingSelector
from tools.cli.set import Command
from tools.cli.set import execute as execute_set
from tools.sim.answers import SimulatedBalancer
from tools.sim.balancer import Balancer
from tools.sim.chemistry import CHEMISTRIES
from tools.sim.pack import fixed_pack

MODEL = "jk_b2a24s"
TIMEOUT_MS = 1000
# Old value, requested one, one that something else sets, and one that evencell refuses. A switch has but two: it is
# refused because of the cell count, and what something else sets is the old value.
VALUES = {
    "cell_count": (5, 4, 6, 99),
    "trigger_mv": (5, 10, 7, 5000),
    "max_balance_ma": (2000, 500, 700, 9),
    "balancing_enabled": (0, 1, 0, 1),
}
# The result in the event log, part of the sentence, and how often the write is sent.
OUTCOMES = {
    "accepted": ("written", None, 1),
    "refused by us": ("refused", "", 0),
    "refused by the balancer": ("refused_by_balancer", "The balancer refused", 1),
    "no answer": ("no_answer", "gave no whole answer to the write", 2),
    "answer lost": ("answer_lost", None, 1),
    "changed meanwhile": ("changed", "something else set it", 1),
}
SOURCES = ("page", "mqtt", "menu", "policy", "rule")


@pytest.fixture(autouse=True)
def jumping_time(monkeypatch):
    """Waits take no time: `asyncio.run` has a clock that jumps."""
    selector = JumpingSelector()

    def make_loop():
        loop = asyncio.SelectorEventLoop(selector)
        loop.time = lambda: selector.now_s
        return loop

    clock = SimpleNamespace(monotonic_ns=lambda: int(selector.now_s * 1e9))
    monkeypatch.setattr(evencell.compat, "time", clock)
    with asyncio.Runner(loop_factory=make_loop) as runner:
        monkeypatch.setattr(asyncio, "run", runner.run)
        yield


class Line:
    """The port to a balancer that treats writes as the outcome says."""

    direction = None
    port = "the simulator"

    def __init__(self, setting: str, outcome: str):
        old, _requested, other, _refused = VALUES[setting]
        self.balancer = Balancer(fixed_pack(CHEMISTRIES["lfp"], 20, [3301, 3302, 3299, 3300], Random(1)))
        self.balancer.settings[setting] = old
        if outcome == "refused by us" and setting == "balancing_enabled":
            self.balancer.settings["cell_count"] = 5
        self._device = SimulatedBalancer(self.balancer, 1, clock=lambda: 0)
        self._setting, self._other, self._outcome = setting, other, outcome
        self._answers = []
        self.writes = 0

    def write(self, data):
        request = bytes(data)
        assert len(request) == REQUEST_BYTES
        answer = self._device.answer(request) if request[3] == READ else self._written(request)
        if answer:
            self._answers.append((ticks_ms(), answer))

    def _written(self, request: bytes) -> bytes | None:
        self.writes += 1
        if self._outcome == "no answer":
            return None
        before = dict(self.balancer.settings)
        answer = self._device.answer(request)
        if self._outcome == "refused by the balancer":
            self.balancer.settings.update(before)
            return self._device.answer(request[:4] + b"\xff\xff" + request[6:])
        if self._outcome == "changed meanwhile":
            self.balancer.settings[self._setting] = self._other
        return None if self._outcome == "answer lost" else answer

    def readinto(self, buffer):
        if not self._answers or ticks_diff(ticks_ms(), self._answers[0][0]) < 1:
            return None
        answer = self._answers.pop(0)[1]
        buffer[: len(answer)] = answer
        return len(answer)


class Device:
    """A context with one writable pack that was just read."""

    def __init__(self, line: Line, folder):
        self.board = self
        self.storage = str(folder)
        self.clock, self.log = FakeClock(1_790_000_000), FakeLog()
        self.rules = self.key_values = None
        self.storage_faults = StorageFaults(self.clock, self.log)
        entry = {"name": "pack1", "model": MODEL, "address": 1, "interval_ms": 0, "timeout_ms": TIMEOUT_MS}
        poll = make_poll(entry, TemperatureScale("0.1"), Rs485Bus(line))
        self.pack = poll.pack
        self.hub = Hub([self.pack], self.clock)
        self.config = {"packs": [{**entry, "writable": True, "chemistry": "lfp", "capacity_ah": 20}]}
        self._poller = Poller(self.pack.bus, [poll], self.hub, self.log)
        self._poll = poll
        enable_writing(self, self._poller, [poll])

    async def carry_out(self, source: str, setting: str, value: int) -> str | None:
        """Set it from there; the error."""
        await self._poller.poll(self._poll)
        given = bool(value) if setting == "balancing_enabled" else value
        if source == "page":
            answer = await pack_settings.answer(self, Request(setting, given), lambda _name: Body)
            return json.loads(b"".join(answer.body))[setting]["error"]
        if source == "mqtt":
            payload = json.dumps({"value": given, "id": "1"}).encode()
            return json.loads(await execute(self, f"pack1/set/{setting}", payload, 0, True, []))["error"]
        return (await self.pack.writer(setting, given, source))["error"]


class Request:
    """A PATCH of one setting."""

    method, path = "PATCH", "/api/v1/packs/pack1/settings"

    def __init__(self, setting: str, value):
        self.wanted = {setting: value}


class Body:
    """In place of the module that reads it from a connection."""

    @staticmethod
    async def read_object(request: Request) -> dict:
        return request.wanted


def expected(setting: str, outcome: str) -> tuple:
    """Result, part of the sentence, number of writes, value requested and value in the end."""
    old, requested, other, refused = VALUES[setting]
    result, sentence, writes = OUTCOMES[outcome]
    if outcome == "refused by us":
        return result, sentence, writes, refused, old
    if outcome == "changed meanwhile" and other == old:
        return "not_kept", "later readings contain", writes, requested, old
    end = {"accepted": requested, "answer lost": requested, "changed meanwhile": other}.get(outcome, old)
    return result, sentence, writes, requested, end


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("setting", VALUES)
def test_each_outcome_of_a_write_is_distinguished(setting, source, outcome, tmp_path):
    line = Line(setting, outcome)
    device = Device(line, tmp_path)
    result, sentence, writes, requested, end = expected(setting, outcome)
    error = asyncio.run(device.carry_out(source, setting, requested))
    assert (error is None) == (sentence is None)
    if sentence is not None:
        assert error and sentence in error and error.count(". ") == 0
    assert line.writes == writes
    assert line.balancer.settings[setting] == end
    (kept,) = [fields for _number, fields in read(device, 0) if fields[1] == "settings"]  # there may be an alarm, too
    old = VALUES[setting][0]
    assert kept[1:8] == ["settings", "pack1", setting, source, old, requested, result]
    assert kept[8] == (error or "") or kept[8].endswith("…")
    posted = [device.hub.event(number) for number in range(device.hub.posted)]
    changed = [event[3:] for event in posted if event and event[1] == "settings"]
    assert changed == ([(setting, end)] if end != old else [])


@pytest.mark.parametrize(
    ("setting", "outcome"),
    [
        (setting, outcome)
        for setting in VALUES
        for outcome in OUTCOMES
        if outcome != "refused by us" or setting == "balancing_enabled"
    ],
)
def test_the_command_set_distinguishes_each_outcome(setting, outcome):
    """It runs without a device, and so without an event log. Ranges are checked before: test_set.py, end to end."""
    line = Line(setting, outcome)
    _result, sentence, writes, requested, end = expected(setting, outcome)
    command = Command(setting, requested, MODEL, "lfp", 20, False, True)
    if sentence is None:
        assert execute_set(command, line, 1).error is None
    else:
        with pytest.raises(CommandError) as refusal:
            execute_set(command, line, 1)
        assert sentence in str(refusal.value)
    assert line.writes == writes
    assert line.balancer.settings[setting] == end


def test_a_value_that_is_set_already_is_neither_written_nor_kept(tmp_path):
    for setting, (old, *_rest) in VALUES.items():
        line = Line(setting, "accepted")
        device = Device(line, tmp_path)
        for source in SOURCES:
            assert asyncio.run(device.carry_out(source, setting, old)) is None
        assert line.writes == 0
        assert list(read(device, 0)) == []
