"""A display that is not there when the device starts: none of its code is loaded until it answers."""

import asyncio
import json
import os
import sys

from boards.host import Board
from evencell import app
from evencell import startup as start_up
from evencell.runtime.lazy import call, unload
from host_tests.display import wires
from host_tests.display.chips import MonoChip
from host_tests.display.wires import I2C, Bench
from host_tests.portable import ROOT, scratch_path

ANSWER = "display: answers again"
PATIENCE_S = 60
PACKAGE = "evencell.display."
WARNING = "display: no answer; check its wires and supply; retrying ([Errno 19] ENODEV)"


class I2CBoard(Board):
    """This computer with the I2C pins of a plain ESP32. With `is_short` there is no memory for one thing more."""

    is_short = False

    def button(self):
        if self.is_short:
            self.is_short = False
            raise MemoryError
        return super().button()

    def display_bus(self, wishes: dict):
        from boards import esp32, esp32_generic

        return esp32.Board(esp32_generic.BOARD).display_bus(wishes)


class FrozenFiles:
    """The module that a build makes of data files."""

    def __init__(self, files: dict):
        self._files = files

    def find(self, path: str):
        return self._files.get(path.rsplit("/", 1)[-1])


class Kept:
    """In place of after_start.py: the constructors that it drops are needed again by the next test."""

    @staticmethod
    def release(context):
        """Nothing."""


class Device:
    """The application's parts on such a board, in a folder of their own; `pauses_s` is how long it waited each time.

    `live` starts them, as on a device whose display is plugged in or not.
    """

    def __init__(self, plugged: bool, **config):
        sys.modules["machine"] = sys.modules["esp32"] = wires
        sys.modules["evencell.runtime.after_start"] = Kept
        I2C.made = 0
        self.bench = Bench(MonoChip("ssd1306", 128, 64, 0))
        self.bench.plugged = plugged
        self.folder = scratch_path("absent")
        os.mkdir(self.folder)
        config = dict({"http": {"enabled": False}, "history": {"enabled": False}}, **config)
        self._write("config.json", json.dumps(config))
        self._lay_out_what_the_build_makes()
        self.context = app.Context(I2CBoard({"data": self.folder}))
        self.context.heap.is_plentiful = False  # a chip's heap: modules are unloaded after use
        self.pauses_s = []
        for name in list(sys.modules):
            if name.startswith(PACKAGE):
                unload(name)

    def _lay_out_what_the_build_makes(self):
        """Fonts without a letter, and the words: as the frozen files of a device with frozen code."""
        from evencell.display.text.en import TEXTS

        files = {}
        for name in call(PACKAGE + "fonts", "fonts", 128, 64):
            files[name] = bytes((10, 6, 8, 0)) + bytes(10)
        lines = ["%s\t%s\n" % (section, json.dumps(words)) for section, words in TEXTS.items()]
        files["texts_en.txt"] = "".join(lines).encode()
        sys.modules["frozen_files"] = FrozenFiles(files)

    def _write(self, name: str, content):
        with open(self.folder + "/" + name, "w" if isinstance(content, str) else "wb") as file:
            file.write(content)

    def live(self, then):
        """Start, and run `then(self)` beside."""
        os.chdir(self.folder)
        try:
            asyncio.run(self._live(then))
        finally:
            asyncio.new_event_loop()  # without the tasks of this one
            os.chdir(ROOT)
            for name in os.listdir(self.folder):
                os.remove(self.folder + "/" + name)
            os.rmdir(self.folder)

    async def _live(self, then):
        start_up.start_up(self.context)
        if "absent" in loaded():
            sys.modules[PACKAGE + "absent"].sleep_ms = self._sleep_ms
        await asyncio.wait_for(then(self), PATIENCE_S)

    async def _sleep_ms(self, milliseconds: int):
        """A pause goes by at once."""
        self.pauses_s.append(milliseconds // 1000)
        await asyncio.sleep(0)

    def said(self, text: str) -> int:
        """How often the log has it."""
        return sum(text in line for line in self.context.log.lines())

    def shows(self) -> bool:
        return self.context.display.summary()["state"] == "on" and self.bench.chip.is_lit()


def loaded() -> set:
    """Modules of the display that are in memory."""
    return {name[len(PACKAGE) :] for name in sys.modules if name.startswith(PACKAGE)}


async def until(condition):
    """Wait for it."""
    while not condition():
        await asyncio.sleep(0.01)


def test_code_of_an_absent_display_is_not_loaded():
    async def then(device):
        await until(lambda: len(device.pauses_s) > 3)
        assert loaded() == {"absent"}
        context = device.context
        error = "no answer; check its wires and supply"
        assert context.display.summary() == {"state": "missing", "page": None, "brightness": None, "error": error}
        assert context.canvas is None
        assert [part.name for part in context.supervisor.parts if part.name in ("display", "button")] == ["display"]

    Device(plugged=False).live(then)


def test_absent_display_is_retried_with_backoff_and_logged_once():
    async def then(device):
        await until(lambda: len(device.pauses_s) >= 8)
        assert device.pauses_s[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
        assert device.said(WARNING) == 1
        assert I2C.made == 1

    Device(plugged=False).live(then)


def test_display_shows_pages_once_it_answers():
    async def then(device):
        context = device.context
        context.key_values.put("display", {"brightness": [80, 40]})
        await until(lambda: device.pauses_s)
        device.bench.plug_in()
        await until(device.shows)
        assert {"tasks", "screen", "render.canvas"} <= loaded()
        assert "part" not in loaded()
        summary = context.display.summary()
        assert (summary["brightness"], summary["error"]) == (40, None)
        assert context.canvas.width == 128
        assert (device.said(WARNING), device.said(ANSWER), I2C.made) == (1, 1, 1)
        part = next(part for part in context.supervisor.parts if part.name == "display")
        assert part.heartbeat is context.display.heartbeat  # the watchdog checks it
        assert {part.name: part.restarts for part in context.supervisor.parts if part.restarts} == {}

    Device(plugged=False).live(then)


def test_display_that_answered_late_is_retried_after_it_fails():
    async def then(device):
        await until(lambda: device.pauses_s)
        device.bench.plug_in()
        await until(device.shows)
        asked = len(device.pauses_s)
        device.bench.plugged = False
        device.context.display.screen.press(1, False)
        device.context.hub.wake()
        await until(lambda: device.said(WARNING) == 2)
        assert device.context.display.summary()["state"] == "missing"
        device.bench.plug_in()
        await until(device.shows)
        assert (device.said(ANSWER), len(device.pauses_s)) == (2, asked)

    Device(plugged=False).live(then)


def test_display_is_retried_when_its_code_does_not_fit_into_memory():
    async def then(device):
        await until(lambda: device.pauses_s)
        device.context.board.is_short = True
        device.bench.plug_in()
        await until(device.shows)
        assert device.said("MemoryError") == 1
        parts = {part.name: part.restarts for part in device.context.supervisor.parts}
        assert (parts["display"], parts["button"]) == (1, 0)

    Device(plugged=False).live(then)


def test_display_that_answers_at_the_start_has_no_placeholder():
    async def then(device):
        await until(device.shows)
        assert "absent" not in loaded()
        assert device.pauses_s == [] and device.said(WARNING) == device.said(ANSWER) == 0
        assert device.context.supervisor.is_healthy()

    Device(plugged=True).live(then)


def test_profile_display_loads_the_code_in_any_case():
    """It keeps what each cell has been, whether the display is there or not."""

    async def then(device):
        assert "tasks" in loaded() and device.context.extremes is not None
        await until(lambda: device.said(WARNING) == 1)
        assert device.pauses_s == []

    Device(plugged=False, profile="display").live(then)
