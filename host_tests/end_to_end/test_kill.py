"""`kill -9` at named steps of a policy run: what holds at once with a W switch, and after a restart with F6.

What decides the moment is the simulated balancer, its pin W, or the flash (kill_board.py). In one process, at each step
and at random moments: sim/test_kill.py.
"""

import json
import os
import shutil
import threading
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest

from evencell.control.event_log import read
from evencell.protocol.jk_balancer import READ
from evencell.storage.faults import StorageFaults
from host_tests.end_to_end.chain import FIXED_MV, Firmware
from host_tests.end_to_end.process import PATIENCE_S, until
from host_tests.fakes import FakeClock, FakeLog
from host_tests.portable import ROOT
from tools.build.tree import build
from tools.sim.answers import SimulatedBalancer
from tools.sim.balancer import Balancer
from tools.sim.chemistry import CHEMISTRIES
from tools.sim.line import Line
from tools.sim.pack import fixed_pack
from tools.sim.supply import Supply, WLine

PAUSE_S = 600  # of write_limit.py
AWAY_S = 700  # until the device starts again: the limit of writes is over then
SPEED = 20  # of the balancer: it starts within 0.1 s
UNSAFE_MV = [3301, 2400, 3299, 3300]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The built firmware on the board that stops."""
    tree = shutil.copytree(build("host"), tmp_path_factory.mktemp("kill") / "tree")
    (tree / "host_tests").mkdir()
    shutil.copy(Path(ROOT) / "host_tests/faulty_storage.py", tree / "host_tests/faulty_storage.py")
    shutil.copy(Path(ROOT) / "host_tests/end_to_end/fast_board.py", tree / "fast_board.py")
    shutil.copy(Path(ROOT) / "host_tests/end_to_end/kill_board.py", tree / "board.py")
    return tree


class WatchedW(WLine):
    """Pin W, whose changes are moments."""

    def __init__(self, path: str, resistor_on: bool, moment):
        super().__init__(path, resistor_on)
        self._moment = moment
        self._was_on = resistor_on

    def is_on(self) -> bool:
        is_on = super().is_on()
        if is_on != self._was_on:
            self._was_on = is_on
            self._moment("W on" if is_on else "W off")
            is_on = super().is_on()
        return is_on


class Scene:
    """Firmware and balancer, on a line in another thread. The firmware is killed when a moment comes.

    A moment is a name: of a request with what became of it, of a change of W, or of a step of the flash.
    """

    address = 1

    def __init__(self, folder: Path, tree: Path, control: dict, cells_mv=FIXED_MV, resistor: bool | None = None):
        self._folder = folder / "device"
        self._line = Line(self, 0.01)
        pack = {"interval_ms": 5_000, "timeout_ms": 500, "writable": True, "capacity_ah": 20}
        control = {"builtin_rules": False, **control}
        config = {"http": {"enabled": False}, "display": {"driver": "none"}, "packs": [pack], "control": control}
        self.firmware = Firmware(self._folder, self._line.path, config=config, http=False, tree=tree)
        self.w = None
        if resistor is not None:
            self.w = WatchedW(str(self.firmware.data / "w"), resistor, self.moment)
            (self.firmware.data / "learned.json").write_text('{"w:pack1": [1, 0, 0]}')  # it may be switched on
        cells = fixed_pack(CHEMISTRIES["lfp"], 20, list(cells_mv), Random(1))
        self.balancer = Balancer(cells, supply=Supply(self.w) if self.w else None)
        self._device = SimulatedBalancer(self.balancer, 1, SPEED)
        self.writes: list[int] = []
        self.level_at_kill: bool | None = None
        self._killed = threading.Event()
        self._awaited: list[str] = []
        self._end_fd, self._end_of = os.pipe()
        self._thread = threading.Thread(target=self._line.serve, args=(self._end_fd,))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.firmware.kill()
        os.write(self._end_of, b"!")
        self._thread.join(PATIENCE_S)
        self._line.close()
        for fd in (self._end_fd, self._end_of):
            os.close(fd)
        if self.w:
            self.w.close()

    def live_until(self, *moments: str):
        """A life that ends when the last of these moments has come, each behind the one before."""
        self._awaited, self.level_at_kill = list(moments), None
        self._killed.clear()
        is_of_flash = " /" in moments[-1]
        (self._folder / "stop_at").write_text(moments[-1] if is_of_flash else "")
        self.firmware.start()
        if is_of_flash:
            self.firmware.wait_for_line("stopped at " + moments[-1])
            assert self._awaited == [moments[-1]]
            self.moment(moments[-1])
        assert self._killed.wait(PATIENCE_S), f"never: {self._awaited}\n{self.firmware.log()}"

    def live(self, passed_s: int):
        """Start it again after so many seconds, to be ended by the end of the test."""
        (self._folder / "stop_at").write_text("")
        (self._folder / "passed_s").write_text(str(passed_s))
        self.firmware.start()

    def moment(self, name: str) -> bool:
        """One has come; the last one that is awaited kills the firmware. Returns whether it did."""
        if self._awaited[:1] != [name]:
            return False
        self._awaited.pop(0)
        if not self._awaited:
            self._kill()
        return not self._awaited

    def _kill(self):
        self.firmware.kill()
        self.level_at_kill = self.w and self.w.is_on()
        self._killed.set()

    def answer(self, request: bytes) -> bytes | None:
        """For the line: what the balancer answers. A request whose coming kills the firmware is lost."""
        name = "read" if request[3] == READ else "F6"
        if self.moment(name + " comes"):
            return None
        answer = self._device.answer(request)
        if answer and name == "F6":
            self.writes.append(self.balancer.settings["balancing_enabled"])
        if answer:
            self.moment(name + " taken")
        return answer

    def catch_up(self):
        """For the line."""
        self._device.catch_up()

    def kept(self) -> dict:
        """What the flash has in learned.json."""
        return json.loads((self.firmware.data / "learned.json").read_text().partition("\n#")[0])

    def events(self) -> list[list]:
        """All events of the log, whose files are whole."""
        log = FakeLog()
        storage = SimpleNamespace(storage=str(self.firmware.data))
        context = SimpleNamespace(board=storage, storage_faults=StorageFaults(FakeClock(), log))
        events = [fields for _number, fields in read(context, 0)]
        assert log.warnings == []
        return events


F6 = {"policy": {"preset": "always", "at_start": "off", "min_off_s": 900}}


@pytest.mark.parametrize(
    "moments",
    [
        ("part of /learned.json.new",),
        ("rename /learned.json",),
        ("F6 comes",),
        ("F6 taken",),
        ("F6 taken", "read comes"),
        ("part of /eventlog/0",),
    ],
    ids=", ".join,
)
def test_killed_while_f6_is_written_the_state_of_the_start_is_there_after_it(tmp_path, tree, moments):
    with Scene(tmp_path, tree, F6) as scene:
        scene.live_until(*moments)
        scene.balancer.write("balancing_enabled", 1)  # so that there is something to do
        before = len(scene.writes)
        scene.live(AWAY_S)
        until(lambda: scene.writes[before:] == [0], "a balancer that is off")
        until(lambda: [event for event in scene.events() if event[1] == "settings"], "the event of it")
        count = scene.kept()["writes:pack1"][0]
        assert len(scene.writes) <= count <= len(scene.writes) + 1


def test_killed_before_f6_is_answered_the_next_one_waits_for_the_limit(tmp_path, tree):
    with Scene(tmp_path, tree, F6) as scene:
        scene.live_until("F6 taken")
        scene.balancer.write("balancing_enabled", 1)
        _, _, written_s = scene.kept()["writes:pack1"]
        scene.live(20)
        until(lambda: scene.writes == [0, 0], "a balancer that is off")
        count, _, again_s = scene.kept()["writes:pack1"]
        assert count == 2 and again_s - written_s >= PAUSE_S


@pytest.mark.parametrize(
    ("resistor", "preset", "cells_mv", "moments"),
    [
        ("off", "always", FIXED_MV, ("W on",)),
        ("off", "always", FIXED_MV, ("W on", "read taken")),
        ("off", "storage", FIXED_MV, ("W on", *["read taken"] * 4)),
        ("off", "always", UNSAFE_MV, ("W on", "part of /learned.json.new")),
        ("off", "always", UNSAFE_MV, ("W on", "part of /eventlog/0")),
        ("on", "storage", FIXED_MV, ("W off",)),
        ("on", "always", UNSAFE_MV, ("W off",)),
    ],
    ids=lambda value: ", ".join(map(str, value)) if isinstance(value, (tuple, list)) else value,
)
def test_killed_while_w_is_driven_the_resistor_decides_at_once(tmp_path, tree, resistor, preset, cells_mv, moments):
    """And after a restart the balancer is read again, where nothing is against it."""
    policy = {"preset": preset, "by": "w", "min_on_s": 60, "min_off_s": 60}
    control = {"policy": policy, "w": {"enabled": True, "resistor": resistor}}
    with Scene(tmp_path, tree, control, cells_mv, resistor == "on") as scene:
        scene.live_until(*moments)
        assert scene.level_at_kill is (resistor == "on")
        until(lambda: scene.balancer.is_answering is (resistor == "on"), "a balancer as the resistor has it")
        if cells_mv is FIXED_MV:
            scene.live_until("read taken")
            assert scene.level_at_kill is (resistor == "on")
        assert scene.writes == []
        assert {event[1] for event in scene.events()} <= {"w", "policy", "alarm"}
