"""What a chip's file system holds: two slots for the firmware, and what lies outside them (docs/architecture.md).

A build lays all of it out in a folder; a deploy brings the same onto a board, but for the owner's configuration.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from evencell import __version__

MANIFEST = "manifest.json"
PLAN = "plan"  # of the memory: tools/build/memory_plan.py
CONFIG = "config.json"
CONFIG_BEFORE = "config.json.old"  # the device falls back to it where the other is damaged
FIRST = "a"  # the slot that a build fills; a deploy fills the one that isn't running
OUTSIDE = ("boot.py", "main.py")


@dataclass(frozen=True)
class Release:
    """`slot` and `root` are path → content; the slot's manifest is one of its files."""

    board: str
    chip: str
    version: str
    slot: dict[str, bytes]
    root: dict[str, bytes]


def release(tree: Path, board: dict, firmware: Path) -> Release:
    """Of a built tree, with what lies outside the slots from the folder `firmware`."""
    files = contents_of(tree)
    for name in (MANIFEST, *OUTSIDE):
        files.pop(name, None)
    root = {name: (firmware / name).read_bytes() for name in OUTSIDE}
    slot = {**files, MANIFEST: manifest(board["name"], __version__, files)}
    return Release(board["name"], board["chip"], __version__, slot, root)


def manifest(board: str, version: str, files: dict[str, bytes]) -> bytes:
    """What a slot must hold: `{"version", "board", "files": {path: [bytes, SHA-256 in hex]}}`.

    boot.py reads it line by line, an entry each: as one JSON it would take all of a chip's memory for Python.
    """
    head = json.dumps({"version": version, "board": board})[:-1]
    entries = [json.dumps(path) + ": " + json.dumps([len(data), sha256(data)]) for path, data in files.items()]
    return (head + ', "files": {\n' + ",\n".join(entries) + "\n}}").encode()


def lay_out(flash: Path, board: dict, firmware: Path):
    """Put around the tree in slot `a` of the folder `flash` what lies outside, and the slot's manifest into it.

    The configuration is left alone where there is one.
    """
    made = release(flash / FIRST, board, firmware)
    for name, content in made.root.items():
        (flash / name).write_bytes(content)
    (flash / "slot").write_text(FIRST, "ascii")
    (flash / FIRST / MANIFEST).write_bytes(made.slot[MANIFEST])
    if not (flash / CONFIG).exists():
        (flash / CONFIG).write_text("{}", "ascii")


def contents_of(folder: Path) -> dict[str, bytes]:
    """Path below `folder` → content, of every file, always in the same order."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files_in(folder)}


def files_in(folder: Path) -> list[Path]:
    """Every file below `folder`, always in the same order."""
    return sorted((path for path in folder.glob("**/*") if path.is_file()), key=lambda path: path.as_posix())


def sha256(content: bytes) -> str:
    """In hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
