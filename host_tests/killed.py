"""The application at a simulated balancer, killed at a chosen step: in one process, with a clock that jumps.

A step is what the firmware leaves outside itself: a request on the line, an answer that it takes, each operation on the
flash, the pin W. Once it is killed it does nothing more, whatever its code would still do.
"""

import asyncio
import builtins
import contextlib
import gc
import json
import os
from pathlib import Path
from random import Random

from boards.host import Board
from evencell.clock.clock import Clock
from evencell.compat import ticks_diff, ticks_ms
from evencell.control.event_log import read
from evencell.protocol.jk_balancer import READ
from host_tests.jumping import JumpingLife, JumpingSelector
from tools.sim.answers import SimulatedBalancer
from tools.sim.balancer import TICK_S, Balancer
from tools.sim.chemistry import CHEMISTRIES
from tools.sim.pack import fixed_pack
from tools.sim.supply import Supply

EVEN_MV = [3301, 3302, 3299, 3300]  # their delta is below the trigger, so nothing moves them
_START_S = 1_790_000_000
_READ_S = 10
_ANSWER_MS = 90


class Killed(BaseException):
    """The firmware ends. No Exception: nothing of the firmware takes it for a failure."""


class Switch(Supply):
    """The balancer's supply behind W: `resistor` decides while the firmware drives nothing (`level` None)."""

    def __init__(self, resistor: bool):
        super().__init__()
        self.resistor = resistor
        self.level: bool | None = None

    def is_on(self) -> bool:
        return self.resistor if self.level is None else self.level


class World:
    """What outlives the firmware: its flash, the balancer, and time. `live` is a life of the firmware.

    `steps`: names of the last life's. `writes`: (seconds, value) of each F6 that the balancer took. `has_clock`: the
    firmware knows the time of day.
    """

    def __init__(self, folder: Path, monkeypatch, control: dict, cells_mv=EVEN_MV, switch=None, has_clock: bool = True):
        folder.mkdir()
        if switch:  # the last reading had nothing against switching on
            (folder / "learned.json").write_text('{"w:pack1": [1, 0, 0]}')
        self.folder, self.switch = str(folder), switch
        pack = fixed_pack(CHEMISTRIES["lfp"], 20, list(cells_mv), Random(1))
        self.balancer = Balancer(pack, supply=switch, tick_s=TICK_S if switch else _READ_S)
        self.now_s = 1000.0
        self.steps: list[str] = []
        self.writes: list[tuple[float, int]] = []
        self.levels: list[tuple[float, bool]] = []  # of W, as driven
        self.is_killed = False
        self._kill_at = 0
        self._selector = JumpingSelector()
        self._monkeypatch = monkeypatch
        monkeypatch.setattr(gc, "collect", lambda: 0)  # CPython's takes longer than a life
        config = {
            "http": {"enabled": False},
            "display": {"driver": "none"},
            "packs": [{"interval_ms": 5_000 if switch else 1000 * _READ_S, "writable": True, "capacity_ah": 20}],
            "control": {"builtin_rules": False, **control},
        }
        (folder / "config.json").write_text(json.dumps(config))
        if has_clock:
            monkeypatch.setattr(Clock, "time_ns", lambda _clock: int((_START_S + self._selector.now_s) * 1e9))
        else:
            monkeypatch.setattr(Clock, "time_ns", lambda _clock: 0)
        self._device = SimulatedBalancer(self.balancer, 1, clock=lambda: self._selector.now_s)
        self._watch_the_flash()

    def live(self, seconds: float, kill_at: int = 0) -> JumpingLife:
        """A life that is killed after so many seconds, or at the step of this number (from 1), which fails if none is.

        After it the pin W floats.
        """
        selector = _EndingSelector(self)
        selector.now_s, self._selector = self.now_s, selector
        self.steps, self.is_killed, self._kill_at = [], False, kill_at
        life = _Life(self._monkeypatch, selector, _Board(self))
        with contextlib.suppress(Killed):
            life.live(seconds + 1, lambda _context: self._end(seconds))
        self.now_s = selector.now_s
        assert not kill_at or len(self.steps) == kill_at, "killed before that step"
        self._float()
        assert life.context.config_faults == []
        assert "Traceback" not in life.log() and " failed" not in life.log(), life.log()
        return life

    def step(self, name: str):
        """Count a step; the last one of this life ends it."""
        if self.is_killed:
            raise Killed
        self.steps.append(name)
        if len(self.steps) == self._kill_at:
            self.is_killed = True
            raise Killed

    def pass_time(self, seconds: float):
        """Time without the firmware."""
        self.now_s += seconds
        self._selector.now_s = self.now_s
        self._device.catch_up()

    def is_balancing_on(self) -> bool:
        return self.balancer.settings["balancing_enabled"] == 1

    def was_written(self, value: int, since_s: float) -> bool:
        """Whether the balancer took this value since then."""
        return any(written == value for at_s, written in self.writes if at_s >= since_s)

    def kept(self, name: str):
        """The value of this name that the flash has, or None."""
        path = Path(self.folder, "learned.json")
        return json.loads(path.read_text().partition("\n#")[0]).get(name) if path.exists() else None

    def events(self, life: JumpingLife) -> list[list]:
        """All events that the flash has after this life, to which no file was damaged."""
        assert life.context.storage_faults.set_aside == 0, life.log()
        self.is_killed, self._kill_at = False, 0
        return [fields for _number, fields in read(life.context, 0)]

    def exchange(self, request: bytes) -> tuple[str, bytes | None]:
        """What the balancer answers to a request that the firmware sends."""
        name = "read" if request[3] == READ else "F6"
        self.step(f"{name}, before it is sent")
        before = len(self.writes)
        answer = self._device.answer(request)
        if name == "F6" and answer:
            self.writes.append((self._selector.now_s, self.balancer.settings["balancing_enabled"]))
            assert len(self.writes) == before + 1
        self.step(f"{name}, sent")
        return name, answer

    def drive(self, is_on: bool):
        """The firmware drives W."""
        word = "on" if is_on else "off"
        self.step(f"W {word}, before")
        self._device.catch_up()
        self.switch.level = is_on
        self.levels.append((self._selector.now_s, is_on))
        self.step(f"W {word}")

    def _float(self):
        if self.switch:
            self._device.catch_up()
            self.switch.level = None

    async def _end(self, seconds: float):
        await asyncio.sleep(seconds)
        self.is_killed = True

    def _watch_the_flash(self):
        opened = builtins.open

        def watched_open(path, mode="r", *more, **options):
            is_written = str(path).startswith(self.folder) and set(mode) & set("wa+")
            return _File(self, opened, path, mode) if is_written else opened(path, mode, *more, **options)

        self._monkeypatch.setattr(builtins, "open", watched_open)
        for name in ("rename", "remove", "mkdir"):
            self._monkeypatch.setattr(os, name, self._watched(name, getattr(os, name)))

    def _watched(self, name: str, operation):
        def watched(*paths):
            if not str(paths[0]).startswith(self.folder):
                return operation(*paths)
            short = f"{name} {self.short(paths[-1])}"
            self.step(f"{short}, before")
            operation(*paths)
            return self.step(short)

        return watched

    def short(self, path) -> str:
        """The path within the flash."""
        return str(path)[len(self.folder) + 1 :]


class _Life(JumpingLife):
    def new_loop(self) -> asyncio.SelectorEventLoop:
        """One that does not tell of tasks that were killed."""
        loop = super().new_loop()
        loop.set_exception_handler(lambda _loop, _context: None)
        return loop


class _EndingSelector(JumpingSelector):
    """Ends the loop once the firmware is killed; then it goes on, for the loop to be closed."""

    def __init__(self, world: World):
        super().__init__()
        self._world = world
        self._has_ended = False

    def select(self, timeout=None):
        if self._world.is_killed and not self._has_ended:
            self._has_ended = True
            raise Killed
        return super().select(timeout)


class _File:
    """One that is open for writing. What is written is on the flash at once, in two parts."""

    def __init__(self, world: World, opened, path, mode: str):
        self._world, self._name = world, world.short(path)
        world.step(f"{self._name}, before it is opened")
        self._file = opened(path, mode)
        self.seek, self.read, self.close = self._file.seek, self._file.read, self._file.close
        self._step("opened")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def write(self, data) -> int:
        cut = len(data) * 2 // 5  # within a record
        for part, name in ((data[:cut], "partly written"), (data[cut:], "written")):
            self._file.write(part)
            self._file.flush()
            self._step(name)
        return len(data)

    def _step(self, name: str):
        try:
            self._world.step(f"{self._name}, {name}")
        except Killed:
            self.close()
            raise


class _Port:
    direction = None

    def __init__(self, world: World):
        self._world = world
        self._answers: list[tuple[int, str, bytes]] = []

    def write(self, data):
        name, answer = self._world.exchange(bytes(data))
        if answer:
            self._answers.append((ticks_ms(), name, answer))

    def readinto(self, buffer) -> int:
        if not self._answers or ticks_diff(ticks_ms(), self._answers[0][0]) < _ANSWER_MS:
            return 0
        _, name, answer = self._answers.pop(0)
        self._world.step(f"{name}, answered")
        buffer[: len(answer)] = answer
        return len(answer)


class _Board(Board):
    """This computer, whose flash, line and pin are the world's."""

    def __init__(self, world: World):
        super().__init__({"data": world.folder})
        self._world = world
        self._ports = [_Port(world)]

    def w_output(self, _is_inverted):
        return self if self._world.switch else None

    def drive(self, is_on: bool):
        self._world.drive(is_on)

    def release(self):
        """The firmware releases W at its own end, which a kill is not."""
