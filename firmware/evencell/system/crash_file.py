"""`crashes.json`: a list of entries, the oldest first. In memory only while something failed or somebody asks."""

import json
import os

from evencell import __version__
from evencell.system.files import from_json, replace
from evencell.system.log import traceback_of

_MOST = 8
_TRACEBACK_BYTES = 600
_FILE_BYTES = 16_384  # a longer one is none of ours


def hold(path: str, held: list, *about) -> int:
    """Put an `entry` about a failure to those that wait for their write; returns how many there are with the file's."""
    merge(held, entry(*about))
    return len(load(path, held))


def entry(part: str, what, reset_cause: str, board, clock, log) -> dict:
    """What is kept of a failure; `what` is an exception, a sentence or None. No secret is in it."""
    text = traceback_of(what) if isinstance(what, BaseException) else what
    network_heap = board.network_heap() or (None, None)
    return {
        "time": clock.unix_s(),
        "uptime_s": clock.uptime_ms() // 1000,
        "version": __version__,
        "part": part or None,
        "reset_cause": reset_cause,
        "heap_free": board.gc_heap()[1],
        "network_heap_free": network_heap[0],
        "network_heap_largest": network_heap[1],
        "count": 1,
        "traceback": text and _end_of(log.without_secrets(text)),
    }


def merge(entries: list, new: dict):
    """Put `new` last. The same failure of the same part and version as before adds to its count instead."""
    for old in entries:
        if all(old.get(key) == new[key] for key in ("part", "version", "traceback")):
            new["count"] += old["count"]
            entries.remove(old)
            break
    entries.append(new)
    del entries[:-_MOST]


def load(path: str, held: list) -> list:
    """The entries of the file, or of none where it is damaged, with those that wait for their write."""
    entries = [old for old in _read(path) if _is_entry(old)]
    for new in held:
        merge(entries, dict(new))
    return entries


def store(path: str, held: list):
    """Write the entries of the file and those that wait; raises OSError."""
    replace(path, json.dumps(load(path, held)))


def _read(path: str) -> list:
    try:
        if os.stat(path)[6] > _FILE_BYTES:
            return []
        with open(path) as file:
            kept = from_json(file.read())
    except (OSError, ValueError, RuntimeError):
        return []
    return kept if isinstance(kept, list) else []


def _is_entry(old) -> bool:
    return isinstance(old, dict) and isinstance(old.get("count"), int)


def _end_of(text: str) -> str:
    """Its last bytes: they say what failed, and where."""
    data = text.encode()[-_TRACEBACK_BYTES:]
    while data and data[0] & 0xC0 == 0x80:  # no half of a character
        data = data[1:]
    return data.decode()
