"""`crashes.json`: a list of entries, the oldest first, each in a line of its own.

Entries are read one by one, so that the heap never holds all of them. Those in `held` wait for their write.
"""

import json
import os

from evencell import __version__
from evencell.runtime.lazy import call
from evencell.runtime.log import traceback_of
from evencell.storage.data_files import open_data, path_of
from evencell.storage.files import from_json
from evencell.storage.paths import is_folder

_MAX_ENTRIES = 8
_KINDS = (("count", int), ("part", str), ("version", str), ("traceback", str), ("reset_cause", str))
_TRACEBACK_BYTES = 600
_TEXT_BYTES = 700  # the same as JSON
_PIECE_BYTES = 128
_LINE_BYTES = 99
_FILE_BYTES = 16_384  # a longer one is not evencell's


def hold(path: str, held: list, *about) -> int:
    """Put an `entry` about a failure to those that wait for their write; returns how many there are with the file's."""
    merge(held, entry(*about))
    return count(path, held)


def entry(part: str, what, reset_cause: str, board, clock) -> dict:
    """What is kept of a failure; `what` is an exception, a sentence or None."""
    text = traceback_of(what) if isinstance(what, BaseException) else what
    network_heap = board.network_heap() or (None, None)
    return {
        "time": clock.unix_s(),
        "uptime_s": clock.uptime_ms() // 1000,
        "version": __version__,
        "names": _names_id(),
        "part": part or None,
        "reset_cause": reset_cause,
        "heap_free": board.gc_heap()[1],
        "network_heap_free": network_heap[0],
        "network_heap_largest": network_heap[1],
        "count": 1,
        "traceback": text and _end_of(text),
    }


def _names_id() -> str | None:
    """Which `names.txt` is that of this build (docs/recovery.md), from its memory plan; None on a computer."""
    found = None
    try:
        file = open_data(path_of("plan", __file__))
        while line := file.readline(_LINE_BYTES):
            if line.startswith(b"names "):
                found = line.decode().split()[1]
        file.close()  # pyright: ignore[reportAttributeAccessIssue] (missing from the stubs' BytesIO)
    except (OSError, ValueError, IndexError):
        pass
    return found


def merge(held: list, new: dict):
    """Put `new` last. The same failure as before adds to its count instead."""
    for old in held:
        if _is_same(old, new):
            new["count"] += old["count"]
            held.remove(old)
            break
    held.append(new)
    del held[:-_MAX_ENTRIES]


def count(path: str, held: list) -> int:
    """How many entries there are."""
    return len(_kept(path, held)) + len(held)


def pieces(path: str, held: list):
    """Generates the answer of /api/v1/crashes, and None where other tasks may run."""
    separator = '{"crashes": ['
    for new in reversed(held):
        yield separator
        yield json.dumps(_counted(path, new))
        yield None
        separator = ",\n"
    for place in reversed(_kept(path, held)):
        if _entry_at(path, place):
            yield separator
            yield _text_at(path, place)
            yield None
            separator = ",\n"
    yield "]}" if separator[0] == "," else separator + "]}"


def store(path: str, held: list, faults=None):
    """Write the entries of the file and those that wait; raises OSError."""
    for place in (path, path + ".new"):
        if faults and is_folder(place):
            call("evencell.storage.state_file", "set_aside", faults, place, "it is a folder")
    kept = _kept(path, held)
    with open(path + ".new", "wb") as file:
        separator = b"[\n"
        for place in kept:
            file.write(separator)
            file.write(_text_at(path, place))
            separator = b"\n,"
        for new in held:
            file.write(separator)
            file.write(json.dumps(_counted(path, new)).encode())
            separator = b"\n,"
        file.write(b"\n]")
    os.rename(path + ".new", path)


def _kept(path: str, held: list) -> list:
    """Places of the entries in the file, without those that `held` has again, and without the oldest that are too many
    with it."""
    found = [place for place in _places(path) if not held or _is_new(_entry_at(path, place), held)]
    return found[-(_MAX_ENTRIES - len(held)) :] if len(held) < _MAX_ENTRIES else []


def _is_new(old, held: list) -> bool:
    return old is not None and not any(_is_same(old, new) for new in held)


def _counted(path: str, new: dict) -> dict:
    """`new` with the count of the same entry in the file."""
    entry = dict(new)
    for place in _places(path):
        old = _entry_at(path, place)
        if old and _is_same(old, new):
            entry["count"] += old["count"]
    return entry


def _is_same(old: dict, new: dict) -> bool:
    """Whether it is the same failure of the same part and version."""
    return all(old.get(key) == new[key] for key in ("part", "version", "traceback"))


def _places(path: str) -> list:
    """(offset, bytes) of each entry; none in a file of another form. All but the first have a comma before them."""
    lines, begin, at = [], 0, 0
    try:
        if os.stat(path)[6] > _FILE_BYTES:
            return lines
        with open(path, "rb") as file:
            while piece := file.read(_PIECE_BYTES):
                end = piece.find(b"\n")
                while end >= 0:
                    lines.append((begin, at + end - begin))
                    begin = at + end + 1
                    end = piece.find(b"\n", end + 1)
                at += len(piece)
    except OSError:
        pass
    if not lines or lines[0] != (0, 1):  # [
        return []
    return lines[1:2] + [(offset + 1, size - 1) for offset, size in lines[2:]]


def _text_at(path: str, place: tuple) -> bytes:
    """JSON of the entry at this place; nothing where it can't be read."""
    try:
        with open(path, "rb") as file:
            file.seek(place[0])
            return file.read(place[1])
    except OSError:
        return b""


def _entry_at(path: str, place: tuple) -> dict | None:
    """The entry at this place; None where it is damaged."""
    try:
        entry = from_json(_text_at(path, place).decode())
    except (ValueError, RuntimeError):
        return None
    return entry if isinstance(entry, dict) and all(_has_kind(entry, *item) for item in _KINDS) else None


def _has_kind(entry: dict, key: str, kind) -> bool:
    value = entry.get(key)
    return isinstance(value, kind) or (value is None and key != "count")


def _end_of(text: str) -> str:
    """Its last bytes: they say what failed, and where."""
    data = text.encode()[-_TRACEBACK_BYTES:]
    while data and data[0] & 0xC0 == 0x80:  # no half of a character
        data = data[1:]
    end = data.decode()
    while len(json.dumps(end)) > _TEXT_BYTES:  # much of it has to be escaped
        end = end[len(end) // 4 :]
    return end
