"""Data files: the same calls read a file, and bytes that are frozen into MicroPython."""

import gc
import os
import sys

from evencell.storage.data_files import is_there, load, open_data
from host_tests.portable import ON_MICROPYTHON, raises, scratch_path

CONTENT = bytes(range(256)) * 80
FROZEN = """
CONTENT = bytes(range(256)) * 80

def find(path):
    return CONTENT if path == "evencell/some.font" else None
"""


def with_frozen(test):
    """Run `test()` where a module `frozen_files`, as the build makes it, holds one file."""
    folder = scratch_path("frozen")
    try:
        os.mkdir(folder)
    except OSError:
        pass  # the ports of 32 bits have one for all tests
    with open(folder + "/frozen_files.py", "w") as file:
        file.write(FROZEN)
    sys.path.insert(0, folder)
    try:
        test()
    finally:
        sys.path.remove(folder)
        sys.modules.pop("frozen_files", None)
        os.remove(folder + "/frozen_files.py")


def test_data_file_is_read():
    path = scratch_path("some.font")
    with open(path, "wb") as file:
        file.write(CONTENT)
    assert is_there(path)
    assert bytes(load(path)) == CONTENT
    with open_data(path) as file:
        assert file.read(300) == CONTENT[:300] and file.read() == CONTENT[300:]
    os.remove(path)


def test_frozen_bytes_are_read_by_the_same_calls():
    def test():
        assert is_there("evencell/some.font") and not is_there("evencell/other.font")
        assert bytes(load("evencell/some.font")) == CONTENT
        with open_data("evencell/some.font") as file:
            assert file.read(300) == CONTENT[:300] and file.read() == CONTENT[300:]
        raises(OSError, lambda: load("evencell/other.font"))
        raises(OSError, lambda: open_data("evencell/other.font"))

    with_frozen(test)


def test_frozen_bytes_are_not_copied_into_the_heap():
    if not ON_MICROPYTHON:
        return

    def taken(call):
        gc.collect()
        before = gc.mem_alloc()  # pyright: ignore[reportAttributeAccessIssue]
        kept = call()
        gc.collect()
        assert kept
        return gc.mem_alloc() - before  # pyright: ignore[reportAttributeAccessIssue]

    def test():
        assert is_there("evencell/some.font")  # what the import takes is not counted
        assert taken(lambda: load("evencell/some.font")[200:]) < 1000
        assert taken(lambda: open_data("evencell/some.font")) < 1000
        with open_data("evencell/some.font") as file:
            assert taken(lambda: file.read(512)) < 1000

    with_frozen(test)


def test_missing_data_file_is_reported():
    assert not is_there("evencell/some.font")
    raises(OSError, lambda: load("evencell/some.font"))
    raises(OSError, lambda: open_data("evencell/some.font"))
