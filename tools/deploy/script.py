"""What a deploy runs on the board itself: sent as it stands, for any MicroPython from 1.24 on. Buffers are bounded.

In the place of its one import of evencell comes the text of that module: a board may have no evencell yet.
"""

import hashlib
import json
import os
import sys
from binascii import hexlify

from evencell.update.slot_steps import digest, make_folders

_FOLDER = 0x4000
_piece = memoryview(bytearray(512))


def feed():
    """Start the watchdog, or feed the one that the interrupted firmware started and nothing can stop.

    So a board whose cable was pulled starts its old version by itself.
    """
    try:
        import machine

        machine.WDT(timeout=120_000).feed()
    except (ImportError, AttributeError, ValueError, OSError):
        pass  # this port has none


def facts() -> dict:
    """What this board is, and what its flash holds; resets the count of failed starts: we interrupted this one."""
    if "boots" in os.listdir():
        os.remove("boots")
    space = os.statvfs(os.getcwd())
    return {
        "machine": sys.implementation._machine,
        "version": sys.implementation.version[:3],
        "mpy": sys.implementation._mpy & 0xFF,
        "free_blocks": space[3] if space[3] <= space[2] else 0,  # a full littlefs may count more than it has
        "block_bytes": space[0],
        "slot": text_of("slot"),
    }


def text_of(path: str) -> str:
    """The file's text, empty where there is none."""
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def board_in(slot: str) -> str | None:
    """The board that the slot was built for, where its manifest can be read."""
    try:
        with open(slot + "/manifest.json") as file:
            return json.load(file)["board"]
    except (OSError, ValueError, KeyError):
        return None


def list_files(folder: str):
    """Print size, hash and path of every file below, a line each."""
    if folder not in os.listdir():
        return
    for path in paths(folder):
        feed()
        print(os.stat(path)[6], digest(path), path[len(folder) + 1 :])


def list_parts(path: str):
    """Print where each part of an archive begins, its size and hash: the index, and each module, a line each."""
    end = first = os.stat(path)[6]
    starts = [0]
    with open(path, "rb") as file:
        while file.tell() < first:  # the index ends where the first module begins (tools/build/archive.py)
            start = int.from_bytes(file.read(8)[4:], "little")
            if 0 < start < end:
                starts.append(start)
                first = min(first, start)
        starts.sort()
        starts.append(end)
        file.seek(0)
        for number in range(len(starts) - 1):
            feed()
            size = starts[number + 1] - starts[number]
            sha = hashlib.sha256()
            for piece in _pieces(file, size):
                sha.update(piece)
            print(starts[number], size, hexlify(sha.digest()).decode())


def append(source: str, at: int, size: int, target: str):
    """Add a part of one file to the end of another."""
    feed()
    with open(source, "rb") as old, open(target, "ab") as new:
        old.seek(at)
        for piece in _pieces(old, size):
            new.write(piece)


def _pieces(file, size: int):
    """The next bytes of a file, piece by piece."""
    while size:
        piece = _piece[: file.readinto(_piece[: min(size, len(_piece))])]
        if not piece:
            raise OSError("the file is shorter")
        size -= len(piece)
        yield piece


def paths(folder: str):
    """Every file below."""
    for entry in os.ilistdir(folder):
        path = folder + "/" + entry[0]
        if entry[1] == _FOLDER:
            yield from paths(path)
        else:
            yield path


def prepare(path: str):
    """For the file `path`: the folders that it lies in."""
    feed()
    make_folders(path)


def copy(source: str, target: str):
    """From one slot to the other."""
    prepare(target)
    with open(source, "rb") as old, open(target, "wb") as new:
        while count := old.readinto(_piece):
            new.write(_piece[:count])


def prune(folder: str):
    """Remove folders without a file: MicroPython would take one for a package, and hide a module of its name."""
    try:
        for entry in list(os.ilistdir(folder)):
            if entry[1] == _FOLDER:
                prune(folder + "/" + entry[0])
        os.rmdir(folder)
    except OSError:
        pass  # not empty, or not there


def can_reset() -> bool:
    """Whether this port can reset its chip."""
    try:
        import machine
    except ImportError:
        return False
    return hasattr(machine, "reset")
