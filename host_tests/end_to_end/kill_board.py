"""`board.py` of a tree for tests: this computer, whose time jumps, and whose flash stops the firmware at a step.

The file `stop_at` beside the data names the step; there it prints `stopped`, and does nothing more until it is killed.
The file `passed_s` has the seconds of the clock that passed before this start.
"""

import json
import os
import time

import fast_board

from boards.host import SETTINGS_VARIABLE, Board
from evencell.clock.clock import Clock
from host_tests.faulty_storage import FaultyStorage

_PLACE = "/stopping"
_settings = json.loads(os.getenv(SETTINGS_VARIABLE) or "{}")
_folder = _settings["data"]


def _text(name: str) -> str:
    try:
        with open(_folder.rsplit("/", 1)[0] + "/" + name) as file:
            return file.read()
    except OSError:
        return ""


_STOP_AT = _text("stop_at")
_PASSED_NS = int(_text("passed_s") or "0") * 1_000_000_000


def step(name: str):
    """A step of the flash."""
    if name == _STOP_AT:
        print("stopped at " + name)
        time.sleep(600)


class StoppingStorage(FaultyStorage):
    """Nothing is wrong with it, but for the step at which all stops."""

    def __init__(self):
        super().__init__(_folder, str)

    def open(self, path: str, mode: str):
        file = open(_folder + path, mode)  # noqa: SIM115 - the caller closes it
        return StoppingFile(file, path) if _STOP_AT.endswith(" " + path) and mode != "rb" else file

    def rename(self, old: str, new: str):
        step("rename " + new)
        super().rename(old, new)


class StoppingFile:
    """One that is written in two parts, of which the first is on the flash before the other is written."""

    def __init__(self, file, path: str):
        self._file, self._path = file, path
        self.seek, self.read, self.readinto, self.close = file.seek, file.read, file.readinto, file.close

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def write(self, data) -> int:
        part = len(data) * 2 // 5
        self._file.write(data[:part])
        self._file.flush()
        step("part of " + self._path)
        self._file.write(data[part:])
        return len(data)


Clock.time_ns = lambda _clock: time.time_ns() + _PASSED_NS + fast_board.jumped_ms * 1_000_000
os.mount(StoppingStorage(), _PLACE)
board = Board(dict(_settings, data=_PLACE, config=_folder + "/config.json"))
