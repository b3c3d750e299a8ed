"""Imports the modules of a slot from one file, `archive.bin`: as files of their own each would take whole blocks of the
flash (docs/decisions/0028-archive.md).

In a slot this is the package `boards`, which board.py imports first. It mounts itself as the file system /s:
MicroPython calls `stat` and `open` of it. /s is the folder of the slot with the modules in it, in a folder for each
package, and none for `evencell`: each path stays in memory. tools/build/archive.py makes the archive.
"""

import os
import sys
from binascii import crc32
from builtins import open as open_file

import vfs
from micropython import const

import evencell

_PLACES = const(1024)
_PLACE_BYTES = const(8)  # CRC-32 of a module's path, and where its bytecode begins; it says itself where it ends
_WINDOW_BYTES = const(128)  # an entry is in the first place that was free in this window

_opened = None  # path and file of the module that `stat` has found: MicroPython opens it next


def mount(_is_readonly, _is_made):
    pass


def stat(path: str):
    global _opened
    if not path.endswith(".mpy"):
        return os.stat(_folder + path)
    try:
        _opened = path, open(path, "rb")
    except MemoryError:
        pass  # MicroPython would say that there is no such module; `open` raises it again
    return (0x8000, 0, 0, 0, 0, 0, 0, 0, 0, 0)


def open(path: str, mode: str):
    """A file of the slot; the archive at the first byte of a module, which the import reads to its end."""
    global _opened
    found, _opened = _opened, None
    if found and found[0] == path:
        return found[1]
    if path.endswith(".mpy"):
        key = crc32(path).to_bytes(4, "little")
        file = open_file(_folder + "/archive.bin", mode)  # noqa: SIM115 - MicroPython closes it
        file.seek((key[0] | key[1] << 8) % _PLACES * _PLACE_BYTES)
        window = file.read(_WINDOW_BYTES)
        at = window.find(key)
        if not at % _PLACE_BYTES:
            file.seek(int.from_bytes(window[at + 4 : at + 8], "little"))
            return file
        file.close()
    return open_file(_folder + path, mode)


_folder = __file__.rsplit("/", 1)[0]
vfs.mount(sys.modules[__name__], "/s")
__path__ = "/s/boards"  # pyright: ignore[reportAssignmentType] - a string on MicroPython
evencell.__path__ = "/s"  # pyright: ignore[reportAttributeAccessIssue]
