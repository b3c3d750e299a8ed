"""A release of a few small modules that can tell whether they belong together, as the flash of a board gets it."""

import functools
import subprocess
import tempfile
from pathlib import Path

from tools.build import archive
from tools.build.common import FIRMWARE, bytecode_compiler
from tools.build.slots import OUTSIDE, Release, manifest

_PARTS = 4
_PART_BYTES = 1500  # more than one piece over the wire

_APP = """
import time
from evencell import shared
VERSION = {version}
def main(board):
    parts = [__import__("evencell.part%d" % number, None, None, ("",)).VERSION for number in range({parts})]
    from evencell.extra import VERSION as extra
    whole = set(parts + [extra, board.version]) == {{VERSION}}
    try:
        print("running version %d%s" % (VERSION, "." if whole else ", mixed"))
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        print("interrupted")
"""


_BOARD = """\
class Board:
    storage = "."
    version = {version}


board = Board()
"""


def small_release(version: int, board: str = "host") -> Release:
    """Version `version`; `evencell.extra` is a module in odd ones and a package in even ones."""
    modules = {f"evencell/part{number}": part(version, number) for number in range(_PARTS)}
    modules["evencell/extra" if version % 2 else "evencell/extra/__init__"] = f"VERSION = {version}"
    modules["evencell/app"] = _APP.format(version=version, parts=_PARTS)
    modules["evencell/shared"] = f"TEXT = {'the same in all ' * 100!r}"
    files = {f"{name}.mpy": compiled(source) for name, source in modules.items()}
    files["board.py"] = _BOARD.format(version=version).encode()
    return _release(version, board, files)


def packed_release(version: int, board: str = "host") -> Release:
    """The same with its modules in an archive."""
    files = dict(small_release(version, board).slot)
    del files["manifest.json"]
    files.pop("evencell/extra/__init__.mpy", None)
    files["evencell/extra.mpy"] = compiled(f"VERSION = {version}")
    files["evencell/__init__.mpy"] = compiled("")
    files["board.py"] = b"import boards\n" + files["board.py"]
    return _release(version, board, archive.in_slot(files, lambda _, source: compiled(source)))


def _release(version: int, board: str, files: dict[str, bytes]) -> Release:
    files["manifest.json"] = manifest(board, str(version), files)
    root = {name: (FIRMWARE / name).read_bytes() for name in OUTSIDE}
    return Release(board, "host", str(version), files, root)


def part(version: int, number: int) -> str:
    """A module that is long, and another in each version."""
    return f"VERSION = {version}\nTEXT = {(f'{version}.{number} ' * _PART_BYTES)[:_PART_BYTES]!r}"


@functools.cache
def compiled(source: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "module.py"
        path.write_text(source)
        subprocess.run([bytecode_compiler(), str(path)], check=True)
        return path.with_suffix(".mpy").read_bytes()
