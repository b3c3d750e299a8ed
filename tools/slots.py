"""The layout of a chip's file system: two slots for the firmware, and what lies outside them (docs/architecture.md)."""

import hashlib
import json
from pathlib import Path

from evencell import __version__

MANIFEST = "manifest.json"
CONFIG = "config.json"
FIRST = "a"  # the slot that a build fills; a deploy fills the one that isn't running
_OUTSIDE = ("boot.py", "main.py")


def lay_out(flash: Path, board: dict, firmware: Path):
    """Put around the tree in slot `a` of the folder `flash` what lies outside, and the slot's manifest into it.

    The configuration is left alone where there is one.
    """
    for name in _OUTSIDE:
        (flash / name).write_bytes((firmware / name).read_bytes())
    (flash / "slot").write_text(FIRST, "ascii")
    (flash / FIRST / MANIFEST).write_text(json.dumps(manifest(flash / FIRST, board["name"])), "ascii")
    if not (flash / CONFIG).exists():
        (flash / CONFIG).write_text("{}", "ascii")


def manifest(slot: Path, board: str) -> dict:
    """What the slot must hold: `{"version", "board", "files": {path: [bytes, SHA-256 in hex]}}`."""
    files = {path.relative_to(slot).as_posix(): fingerprint(path) for path in files_in(slot) if path.name != MANIFEST}
    return {"version": __version__, "board": board, "files": files}


def files_in(folder: Path) -> list[Path]:
    """Every file below `folder`, always in the same order."""
    return sorted((path for path in folder.glob("**/*") if path.is_file()), key=lambda path: path.as_posix())


def fingerprint(path: Path) -> list:
    """`[bytes, SHA-256 in hex]`."""
    content = path.read_bytes()
    return [len(content), hashlib.sha256(content).hexdigest()]
