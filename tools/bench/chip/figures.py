"""Figures of a running device of the model, shared through a file: figures_t of port/module/heap.c."""

import mmap
import struct
from pathlib import Path
from typing import NamedTuple

_FORMAT = struct.Struct("=16I")
_WRITTEN = struct.Struct("=I")
_COLLECT_OFFSET = _FORMAT.size - _WRITTEN.size
_RESET_OFFSET = _COLLECT_OFFSET - _WRITTEN.size


class Figures(NamedTuple):
    """Bytes, unless a name says otherwise. `least_…` and `gc_live_most` count from the last reset on.

    `free`, `largest`: of the second heap; `refused`: how many claims found no room there. `gc_total`, `gc_used`:
    MicroPython's heap; `gc_live`: right after the last collection; `gc_areas`: how often it has grown. `names`: those
    that are interned; beyond `names_room` more of them their table grows, by 9 KB.
    """

    free: int
    largest: int
    least_free: int
    least_largest: int
    refused: int
    gc_total: int
    gc_used: int
    gc_live: int
    gc_live_most: int
    gc_areas: int
    names: int
    names_room: int
    joined: int
    now_s: int
    reset: int
    collect_bytes: int


class SharedFigures:
    """The file, for as long as the device runs."""

    def __init__(self, path: Path):
        path.write_bytes(bytes(_FORMAT.size))
        with open(path, "r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _FORMAT.size)

    def read(self) -> Figures:
        """The figures as of now."""
        return Figures(*_FORMAT.unpack(self._memory[:]))

    def reset(self):
        """Begin new minima and maxima."""
        self._write(_RESET_OFFSET, 1)

    def collect_every(self, collect_bytes: int):
        """From now on collect garbage whenever so many bytes were allocated: `gc_live_most` misses no peak by more."""
        self._write(_COLLECT_OFFSET, collect_bytes)

    def _write(self, offset: int, value: int):
        self._memory[offset : offset + _WRITTEN.size] = _WRITTEN.pack(value)
