"""What a deploy brings onto a board: the files of a slot with their manifest, and those outside the slots."""

import hashlib
import json
from dataclasses import dataclass
from importlib import import_module

from evencell import __version__
from tools.build import FIRMWARE, build

MANIFEST = "manifest.json"
_OUTSIDE = ("boot.py", "main.py")


@dataclass(frozen=True)
class Release:
    """`slot` and `root` are path → content; the slot's manifest is one of its files."""

    board: str
    chip: str
    version: str
    slot: dict[str, bytes]
    root: dict[str, bytes]


def release(board: str) -> Release:
    """Built for `board` from the sources; raises BuildError."""
    tree = build(board)
    paths = sorted(path for path in tree.glob("**/*") if path.is_file() and path.name not in (*_OUTSIDE, MANIFEST))
    files = {path.relative_to(tree).as_posix(): path.read_bytes() for path in paths}
    root = {name: (FIRMWARE / name).read_bytes() for name in _OUTSIDE if (FIRMWARE / name).exists()}
    chip = import_module(f"boards.{board}").BOARD["chip"]
    return Release(board, chip, __version__, {**files, MANIFEST: manifest(board, __version__, files)}, root)


def manifest(board: str, version: str, files: dict[str, bytes]) -> bytes:
    """`manifest.json`: version, board, and size and hash of every other file of the slot."""
    entries = {path: [len(data), sha256(data)] for path, data in files.items()}
    return json.dumps({"version": version, "board": board, "files": entries}).encode()


def sha256(data: bytes) -> str:
    """In hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
