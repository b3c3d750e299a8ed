"""Data files of the build (page, fonts, texts): files beside their module, or bytes frozen into MicroPython.

Frozen bytes are read where they are in the flash: nothing here copies a whole file into the heap.
"""

import io
import os


def path_of(name: str, module_file: str) -> str:
    """Path of a file beside the package `evencell` that this module's file is in; in a slot, whose paths leave that
    out, it is in the folder of the module."""
    folder, found, _ = module_file.partition("evencell/")
    return (folder if found else module_file.rsplit("/", 1)[0] + "/") + name


def open_data(path: str) -> "io.FileIO":
    """A binary stream of the file; raises OSError where the build has none of this name."""
    try:
        return open(path, "rb")
    except OSError:
        content = frozen(path)
        if content is None:
            raise
        return io.BytesIO(content)  # MicroPython's reads `content` in place until it is written to


def load(path: str) -> memoryview:
    """All bytes of the file; raises OSError where the build has none of this name."""
    try:
        size = os.stat(path)[6]
    except OSError:
        content = frozen(path)
        if content is None:
            raise
    else:
        with open(path, "rb") as file:
            content = file.read(size)  # read() alone would grow its buffer step by step
    return memoryview(content)


def is_there(path: str) -> bool:
    """Whether the build has this file."""
    try:
        os.stat(path)
    except OSError:
        return frozen(path) is not None
    return True


def frozen(path: str) -> bytes | None:
    """Content of a file that is frozen, None where it isn't (tools/build/frozen.py makes `frozen_files`)."""
    try:
        from frozen_files import find
    except ImportError:
        return None
    return find(path)
