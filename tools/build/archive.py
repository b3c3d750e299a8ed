"""What a slot holds of a chip's tree: the modules as one file, from which firmware/archive.py imports them.

That file begins with an index; the modules follow, each whole. docs/decisions/0028-archive.md has the reasons.
"""

import ast
import functools
import itertools
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePosixPath
from zlib import crc32

from tools.build.common import FIRMWARE, BuildError

NAME = "archive.bin"
LOADER = FIRMWARE / "archive.py"
_OF_LOADER = "boards.mpy"
_LOOSE = (_OF_LOADER, "evencell.mpy")  # what is imported before there is an archive
_PACKAGE = '__path__ = "/s/{}"\n'  # the source of any other package


def in_slot(tree: Mapping[str, bytes], compiled: Callable[[str, str], bytes]) -> dict[str, bytes]:
    """Path → content in the slot, of the files of a flat tree, but for its manifest; `compiled(name, source)`: the
    bytecode of a module.

    Raises BuildError for what LOADER would not find.
    """
    parents = (PurePosixPath(path).parents for path in tree if path.endswith(".mpy"))
    folders = sorted({folder.as_posix() for found in parents for folder in found if folder.name})
    files = {path_in_slot(path, folders): tree[path] for path in sorted(tree)}
    loader = LOADER.read_text("utf-8").replace("from micropython import const\n", "")  # its compiler alone needs it
    files[_OF_LOADER] = compiled(LOADER.stem, loader)
    packages = {path_in_slot(f"{folder}.mpy", folders): PurePosixPath(folder).name for folder in folders}
    for path in packages.keys() - {*_LOOSE}:
        if path in files:
            raise BuildError(f"{path}: a package with code of its own would not find its modules in a slot.")
        files[path] = compiled(packages[path], _PACKAGE.format(packages[path]))
    modules = {path: files[path] for path in sorted(files) if path.endswith(".mpy") and path not in _LOOSE}
    others = {path: content for path, content in files.items() if path not in modules}
    return {**others, NAME: packed(modules)}


def path_in_slot(path: str, folders: Iterable[str]) -> str:
    """By that in the tree; `folders`: those with modules. Of each only the last name is left, of `evencell` none."""
    path = path.replace("/__init__.mpy", ".mpy")
    around = [folder for folder in folders if path.startswith(f"{folder}/")]
    if not around:
        return path
    package = PurePosixPath(max(around, key=len))
    name = path.removeprefix(f"{package}/")
    return name if package.name == "evencell" else f"{package.name}/{name}"


def packed(modules: Mapping[str, bytes]) -> bytes:
    """The archive of modules, path in the slot → bytecode."""
    places, place_bytes, window_bytes = constants()
    archive = bytearray(places * place_bytes + window_bytes)
    offsets = {path: append(archive, path, content) for path, content in modules.items()}
    for path, offset in offsets.items():
        if offset_of(archive, path) != offset:
            raise BuildError(f"{path}: other bytes of the index look like its own: rename it.")
    return bytes(archive)


def append(archive: bytearray, path: str, content: bytes) -> int:
    """Put a module at the end, and into the index; returns where it begins."""
    _, place_bytes, window_bytes = constants()
    window = range(_home(path), _home(path) + window_bytes, place_bytes)
    free = next((at for at in window if not any(archive[at : at + place_bytes])), None)
    if free is None:
        raise BuildError(f"{path}: no place is free near its own in the index: double _PLACES of {LOADER.name}.")
    offset = len(archive)
    archive[free : free + place_bytes] = _key(path) + offset.to_bytes(4, "little")
    archive += content
    return offset


def offset_of(archive: bytes | bytearray, path: str) -> int | None:
    """Where a module begins, found as LOADER finds it."""
    _, place_bytes, window_bytes = constants()
    window = archive[_home(path) : _home(path) + window_bytes]
    at = window.find(_key(path))
    return None if at % place_bytes else int.from_bytes(window[at + 4 : at + 8], "little")


def parts(archive: bytes) -> list[bytes]:
    """The index, then each module."""
    _, place_bytes, _ = constants()
    starts, at = [0, len(archive)], 0
    while at < starts[1]:  # the index ends where the first module begins
        if offset := int.from_bytes(archive[at + 4 : at + place_bytes], "little"):
            starts = sorted([*starts, offset])
        at += place_bytes
    return [archive[start:end] for start, end in itertools.pairwise(starts)]


def _key(path: str) -> bytes:
    return crc32(f"/{path}".encode()).to_bytes(4, "little")


def _home(path: str) -> int:
    """Where a module's window of the index begins."""
    places, place_bytes, _ = constants()
    return int.from_bytes(_key(path)[:2], "little") % places * place_bytes


@functools.cache
def constants() -> tuple[int, int, int]:
    """Those of LOADER, in its order: places, bytes of a place and of a window."""
    values = [node.value for node in ast.parse(LOADER.read_text("utf-8")).body if isinstance(node, ast.Assign)]
    return tuple(
        ast.literal_eval(value.args[0])
        for value in values
        if isinstance(value, ast.Call) and ast.unparse(value.func) == "const"
    )
