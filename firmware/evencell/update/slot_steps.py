"""Steps of filling a slot on the flash, for an update and for `make deploy`, which runs this text on the board.

In this order, so that the slot that runs is never touched and the other one starts only whole: the old manifest goes
first, the files come, every file is verified, the manifest gets its name, and at last `slot` names the slot, by rename.
Imports nothing of evencell: a board may have none yet.
"""

import hashlib
import os
from binascii import hexlify

_FOLDER = 0x4000
_PIECE_BYTES = 512
_REMOVED_AT_ONCE = 4


def make_folders(path: str):
    """Make those that the file `path` lies in."""
    for at in range(1, len(path)):
        if path[at] == "/":
            try:
                os.mkdir(path[:at])
            except OSError:
                pass  # it is there


def digest(path: str):
    """SHA-256 of a file in hexadecimal digits, None where there is no such file."""
    sha, piece = hashlib.sha256(), memoryview(bytearray(_PIECE_BYTES))
    try:
        with open(path, "rb") as file:
            while count := file.readinto(piece):
                sha.update(piece[:count])
    except OSError:
        return None
    return hexlify(sha.digest()).decode()


def remove_some(folder: str, kept: str = "") -> bool:
    """Remove some files below, but not the path `kept`, or a folder without any; False where nothing was left to do.

    MicroPython would take an empty folder for a package, and hide a module of its name.
    """
    found = []
    for entry in os.ilistdir(folder):  # to its end: that closes it
        path = "%s/%s" % (folder, entry[0])
        if len(found) < _REMOVED_AT_ONCE and path != kept:
            found.append((path, entry[1]))
    for path, kind in found:
        if kind != _FOLDER:
            os.remove(path)
        elif not remove_some(path, kept):
            os.rmdir(path)
    return bool(found)


def commit(path: str, wanted: str) -> bool:
    """Let the file `path`.new take its place, if it has this hash."""
    if digest(path + ".new") != wanted:
        return False
    os.rename(path + ".new", path)
    return True


def activate(path: str, slot: str):
    """Let boot.py start `slot` the next time; `path`: that of the file `slot`. The last step of all."""
    if slot not in ("a", "b"):
        raise ValueError
    with open(path + ".new", "w") as file:
        file.write(slot + " new")
    os.rename(path + ".new", path)
