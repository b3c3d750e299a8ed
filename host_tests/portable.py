"""What tests need that run on CPython and on MicroPython alike: there is no pytest on the latter."""

import json
import os
import sys

ROOT = __file__.rsplit("/", 2)[0]
ON_MICROPYTHON = sys.implementation.name == "micropython"

if ON_MICROPYTHON:
    from micropython import heap_lock, heap_unlock
else:

    def heap_lock():
        """CPython has no heap to lock: only MicroPython's run can fail."""

    def heap_unlock():
        """See `heap_lock`."""


def raises(kind, call) -> str:
    """The text of the exception of this kind that `call()` raises; fails where it raises none."""
    try:
        call()
    except kind as error:
        return str(error)
    raise AssertionError("%s was not raised" % kind.__name__)


def without_heap(call):
    """Run `call()`, which fails with MemoryError on MicroPython if it takes a single byte of heap."""
    heap_lock()
    try:
        call()
    finally:
        heap_unlock()


def without_modules(names, call):
    """Run `call()` as if none of these modules had ever been imported; other tests find those that were there."""
    before = [(name, sys.modules.pop(name, None)) for name in names]
    try:
        call()
    finally:
        for name, module in before:
            sys.modules.pop(name, None)
            if module:
                sys.modules[name] = module
                package, _, own_name = name.rpartition(".")
                setattr(sys.modules[package], own_name, module)


def captures() -> list[dict]:
    """The captured and documented exchanges, each with its reply as bytes under `frame`."""
    with open(ROOT + "/host_tests/captures/captures.json") as file:
        entries = json.load(file)
    for entry in entries:
        entry["frame"] = bytes(int(digits, 16) for digits in entry["reply"].split())
    return entries


_REPLIES = []  # name and frame of each capture: the file is parsed once, for some tests ask for thousands of frames


def replies() -> list[tuple]:
    """Name and reply of each capture."""
    if not _REPLIES:
        _REPLIES.extend([(entry["name"], entry["frame"]) for entry in captures()])
    return _REPLIES


def frames(command: int = 0xFF) -> list[bytes]:
    """Every whole answer to this command among the captures."""
    return [frame for _, frame in replies() if len(frame) == 74 and frame[3] == command]


def frame_of(name: str) -> bytes:
    """The reply of one capture."""
    return next(frame for other, frame in replies() if other == name)


def scratch_path(name: str) -> str:
    """A path in `build/` that no other process uses: the same file may run twice at a time."""
    folder = ROOT + "/build"
    try:
        os.mkdir(folder)
    except OSError:
        pass  # it is there
    # The 32-bit port has no urandom, but a file system of its own.
    token = os.urandom(4).hex() if hasattr(os, "urandom") else "only"
    return "%s/test-%s-%s" % (folder, token, name)
