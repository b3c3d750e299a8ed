"""A folder as a board's flash: boot.py, main.py and two slots, started on MicroPython's unix port as a board would."""

import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from host_tests.needs import need_micropython
from tools.build.common import FIRMWARE
from tools.build.slots import manifest
from tools.build.tree import build
from tools.dev import device

BOOT = "exec(open('boot.py').read())\n"
CAUSES = {"power": 1, "reset": 2, "watchdog": 3, "wake": 4, "soft": 5}  # as MicroPython numbers them on an ESP32
MACHINE = """PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = range(1, 6)
def reset_cause(): return {}
def WDT(timeout): print("watchdog", timeout)
def deepsleep(ms): print("sleep", ms)
"""


class Flash:
    """The files below `path`, a folder made here. `board` is the text of a board.py that isn't the usual one."""

    def __init__(self, path: Path, board: str | None = None):
        need_micropython()
        self.path = path
        self._stand_ins = path.parent / f"{path.name}-machine"
        for slot in "ab":
            shutil.copytree(_slot().name, path / slot, copy_function=shutil.copyfile)
            if board:
                (path / slot / "board.py").write_text(board)
                self.write_manifest(slot)
        for name in ("boot.py", "main.py"):
            shutil.copy(FIRMWARE / name, path / name)

    def files(self, slot: str) -> list[Path]:
        """Every file of a slot, its manifest too."""
        return files_in(self.path / slot)

    def write_manifest(self, slot: str):
        write_manifest(self.path / slot)

    def write(self, name: str, text: str | None):
        """Write a file; None removes it."""
        if text is None:
            (self.path / name).unlink(missing_ok=True)
        else:
            (self.path / name).write_text(text)

    def read(self, name: str) -> str | None:
        path = self.path / name
        return path.read_text() if path.is_file() else None

    def stand_in(self, module: str, text: str):
        """From now on the interpreter has this module, which an ESP32's has; only where `cause` is given, too."""
        self._stand_ins.mkdir(exist_ok=True)
        (self._stand_ins / f"{module}.py").write_text(text)

    def boot(self, cause: str | None = None, then: str = "", **options) -> tuple[str | None, str]:
        """Run boot.py, and `then`; returns the slot that stands first on the path, or None, and what was printed."""
        command = [need_micropython(), "-c", BOOT + then + "print(sys.path[0])"]
        options = {**self.options(cause), **options}
        result = subprocess.run(command, **options, capture_output=True, text=True, check=True)
        *printed, first = result.stdout.split("\n")[:-1]
        return (first if first in ("a", "b") else None), "\n".join(printed)

    def command(self) -> list[str]:
        """How a board starts: boot.py, then main.py in the same namespace."""
        return [need_micropython(), "-c", BOOT + "exec(open('main.py').read())"]

    def options(self, cause: str | None = None, port="none", overrides: dict | None = None) -> dict:
        """What such a process needs. `cause`: why it was reset, where a stand-in for `machine` shall say so."""
        environment = device.environment(str(port), self.path, overrides=overrides)
        if cause is not None:
            self.stand_in("machine", MACHINE.format(CAUSES[cause]))
            environment["MICROPYPATH"] = f"{self._stand_ins}:.frozen"
        return {"cwd": self.path, "env": environment, "stdin": subprocess.DEVNULL}


@functools.cache
def _slot() -> tempfile.TemporaryDirectory:
    """A slot with the usual board, made once: every flash begins with two copies."""
    folder = tempfile.TemporaryDirectory(prefix="evencell-slot-")
    shutil.copytree(build("host"), folder.name, ignore=shutil.ignore_patterns("main.py"), dirs_exist_ok=True)
    write_manifest(Path(folder.name))
    return folder


def files_in(folder: Path) -> list[Path]:
    """Every file below it."""
    return sorted(path for path in folder.glob("**/*") if path.is_file())


def write_manifest(folder: Path):
    """That of a slot, for the files which it holds now."""
    (folder / "manifest.json").unlink(missing_ok=True)
    contents = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files_in(folder)}
    (folder / "manifest.json").write_bytes(manifest("host", "0.1.0", contents))


def damaged(path: Path, how: str):
    """Harm a file as a flash might: one byte, the end, all of it, the file itself, a folder in its place."""
    data = path.read_bytes()
    if how == "a byte":
        middle = len(data) // 2
        path.write_bytes(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :])
    elif how == "short":
        os.truncate(path, len(data) // 2)
    elif how == "empty":
        os.truncate(path, 0)
    else:
        path.unlink()
        if how == "a folder":
            path.mkdir()
