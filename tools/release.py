"""What a deploy brings onto a board: the files of a slot with their manifest, and those outside the slots."""

import hashlib
import json
from dataclasses import dataclass

from evencell import __version__
from tools import slots
from tools.build import FIRMWARE, board_data, build

MANIFEST = slots.MANIFEST
_OUTSIDE = ("boot.py", "main.py")


@dataclass(frozen=True)
class Release:
    """`slot` and `root` are path → content; the slot's manifest is one of its files."""

    board: str
    chip: str
    version: str
    slot: dict[str, bytes]
    root: dict[str, bytes]


def release(board: str, profile: str = "full") -> Release:
    """Built for `board` from the sources; raises BuildError."""
    tree = build(board, profile)
    content = {path.relative_to(tree).as_posix(): path.read_bytes() for path in slots.files_in(tree)}
    content[MANIFEST] = json.dumps(slots.manifest(tree, board)).encode()
    return Release(board, board_data(board)["chip"], __version__, content, root_files())


def root_files() -> dict[str, bytes]:
    """What lies outside the slots."""
    return {name: (FIRMWARE / name).read_bytes() for name in _OUTSIDE}


def sha256(data: bytes) -> str:
    """In hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
