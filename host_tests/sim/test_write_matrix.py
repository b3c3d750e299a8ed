"""Every setting from every source to every outcome: each outcome is told apart by its sentence, and kept.

Each source by its own code: the handler of the page's request, that of an MQTT command, the display's menu, the balance
policy, and the rule that protects a low pack. They meet in the real writer at the simulated balancer, in one process:
only the pty between them is left out, and time jumps. `evencell set`, at a pty: end_to_end/test_set_outcomes.py.
"""

import asyncio
import importlib
import json
import sys
from random import Random
from types import ModuleType, SimpleNamespace

import pytest

import evencell.compat
from evencell.compat import ticks_diff, ticks_ms
from evencell.control.event_log import read
from evencell.control.part import start as start_control
from evencell.forward.http import pack_settings
from evencell.forward.mqtt.command_message import execute
from evencell.hub import Hub
from evencell.link.bus import Rs485Bus
from evencell.link.poller import Poller, make_poll
from evencell.link.writable import enable_writing
from evencell.pack.temperature import TemperatureScale
from evencell.power.session import Session
from evencell.protocol.jk_balancer import READ, REQUEST_BYTES
from evencell.runtime.lazy_lock import LazyLock
from evencell.storage.faults import StorageFaults
from host_tests.fakes import FakeClock, FakeKeyValue, FakeLog
from host_tests.jumping import JumpingSelector
from tools.sim.answers import SimulatedBalancer
from tools.sim.balancer import Balancer
from tools.sim.chemistry import CHEMISTRIES
from tools.sim.pack import fixed_pack

MODEL = "jk_b2a24s"
TIMEOUT_MS = 1000
UTC = {"zone": "", "utc_offset_min": 0}
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
SWITCH = "balancing_enabled"
# The settings that each source writes.
SOURCES = {
    "page": tuple(VALUES),
    "mqtt": tuple(VALUES),
    "menu": (SWITCH,),
    "policy": (SWITCH,),
    "rule": (SWITCH,),  # switches off alone
}
# What the menu says of each result.
SAID = {"written": "is_on", "answer_lost": "is_on"}
DECIDED_WITHIN_S = 39  # before the policy tries again


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


@pytest.fixture(autouse=True)
def no_pixels(monkeypatch):
    """The menu is pressed here, and never drawn."""
    monkeypatch.setitem(sys.modules, "framebuf", ModuleType("framebuf"))


class Line:
    """The port to a balancer that treats writes as the outcome says."""

    direction = None

    def __init__(self, setting: str, outcome: str, values: tuple = ()):
        old, _requested, other, _refused = values or VALUES[setting]
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
        answer = self.answer(request)
        if answer:
            self._answers.append((ticks_ms(), answer))

    def answer(self, request: bytes) -> bytes | None:
        """What the balancer answers; None for silence."""
        assert len(request) == REQUEST_BYTES
        return self._device.answer(request) if request[3] == READ else self._written(request)

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
        self.rules = self.control = self.network = self.extremes = None
        self.key_values, self.lazy_lock, self.supervisor = FakeKeyValue(), LazyLock(), Supervisor()
        self.wired, self.at_end, self.config_faults = True, [], []
        self.storage_faults = StorageFaults(self.clock, self.log)
        entry = {"name": "pack1", "model": MODEL, "address": 1, "interval_ms": 0, "timeout_ms": TIMEOUT_MS}
        poll = make_poll(entry, TemperatureScale("0.1"), Rs485Bus(line))
        self.pack = poll.pack
        self.hub = Hub([self.pack], self.clock)
        self.config = {"packs": [{**entry, "writable": True, "chemistry": "lfp", "capacity_ah": 20}], "time": UTC}
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
        if source == "menu":
            return await self._choose_in_the_menu()
        return await (self._decide() if source == "policy" else self._protect_low_pack())

    async def _choose_in_the_menu(self) -> str | None:
        """Press the button of the display: ask, yes."""
        menu = importlib.import_module("evencell.display.menu").Menu(self, {"brightness": 80}, "glance")
        menu.change()
        menu.next()
        menu.change()
        while menu.is_busy():
            await asyncio.sleep(1)
        kept = self.kept()
        assert kept and menu._control.question.answer == SAID.get(kept[7], kept[7])
        return self._failure()

    async def _decide(self) -> str | None:
        """Let a policy run that wants balancing on; what it says of that."""
        policy = {"preset": "always", "by": None, "at_start": "off", "min_on_s": 0, "min_off_s": 0, "conditions": []}
        self.config["control"] = {"policy": policy, "w": {"enabled": False}, "limits": None}
        start_control(self)
        with_policy = asyncio.create_task(self.supervisor.run())
        await asyncio.sleep(DECIDED_WITHIN_S)
        with_policy.cancel()
        (state,) = self.control.states
        return state.problem or (None if state.is_on else state.reason)

    async def _protect_low_pack(self) -> str | None:
        """Do what a device that sleeps does for a low pack."""
        state = SimpleNamespace(address=1, timeout_ms=TIMEOUT_MS, sequence=0, alarms=0, misses=0)
        session = Session(SimpleNamespace(board=self, clock=self.clock), [(state, self.pack)])
        session.context.config = {**self.config, "log": {"level": "info"}, "wifi": {"hostname": None}}
        session.context.log, session._outbox = self.log, Outbox()
        await session.switch_balancing_off(self.pack)
        self.hub = session.context.hub
        return self._failure()

    def _failure(self) -> str | None:
        """What the log says of a command that failed: the event log may shorten it."""
        found = [line for line in self.log.warnings if "refused or failed: " in line]
        return found[-1].partition("failed: ")[2] if found else None

    def kept(self) -> list | None:
        """The one command that the event log has; there may be an alarm, too."""
        found = [fields for _number, fields in read(self, 0) if fields[1] == "settings"]
        assert len(found) <= 1
        return found[0] if found else None

    # As a board.

    def reset_cause(self) -> str:
        return "power"

    def unique_id(self) -> str:
        return "evencell-1"

    def set_time(self, _unix_s: int):
        """No clock of the board is set."""


class Supervisor:
    """Keeps what it should run."""

    run = None

    def start(self, _name: str, run):
        self.run = run

    async def contain(self, _name: str, coroutine):
        return await coroutine


class Outbox:
    """Takes readings."""

    def append(self, _pack):
        """Nothing."""


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


def values_for(setting: str, source: str) -> tuple:
    """Values of the setting, as in VALUES."""
    return (1, 0, 1, 0) if source == "rule" else VALUES[setting]


def expected(setting: str, outcome: str, source: str = "page") -> tuple:
    """Result, part of the sentence, number of writes, value requested and value in the end."""
    old, requested, other, refused = values_for(setting, source)
    result, sentence, writes = OUTCOMES[outcome]
    if outcome == "refused by us":
        return result, sentence, writes, refused, old
    if outcome == "changed meanwhile" and other == old:
        return "not_kept", "later readings contain", writes, requested, old
    end = {"accepted": requested, "answer lost": requested, "changed meanwhile": other}.get(outcome, old)
    return result, sentence, writes, requested, end


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize(
    ("source", "setting"), [(source, setting) for source, settings in SOURCES.items() for setting in settings]
)
def test_each_outcome_of_a_write_is_distinguished(setting, source, outcome, tmp_path):
    values = values_for(setting, source)
    line = Line(setting, outcome, values)
    device = Device(line, tmp_path)
    result, sentence, writes, requested, end = expected(setting, outcome, source)
    if outcome == "refused by us" and source == "rule":
        device.config["packs"][0]["writable"] = False  # nothing else forbids to switch off
    error = asyncio.run(device.carry_out(source, setting, requested))
    assert line.writes == writes
    assert line.balancer.settings[setting] == end
    kept = device.kept()
    if outcome == "refused by us" and source in ("policy", "rule"):  # they do not even ask
        assert kept is None
        assert error == ("off: 4 cells are detected and 5 configured" if source == "policy" else None)
        return
    assert (error is None) == (sentence is None)
    if sentence is not None:
        assert error and sentence in error and error.count(". ") == 0
    assert kept and kept[1:8] == ["settings", "pack1", setting, source, values[0], requested, result]
    assert kept[8] == (error or "") or kept[8].endswith("…")
    posted = [device.hub.event(number) for number in range(device.hub.posted)]
    changed = [event[3:] for event in posted if event and event[1] == "settings"]
    assert changed == ([(setting, end)] if end != values[0] else [])


def test_a_value_that_is_set_already_is_neither_written_nor_kept(tmp_path):
    for setting, (old, *_rest) in VALUES.items():
        line = Line(setting, "accepted")
        device = Device(line, tmp_path)
        for source in ("page", "mqtt"):
            assert asyncio.run(device.carry_out(source, setting, old)) is None
        assert line.writes == 0
        assert list(read(device, 0)) == []
