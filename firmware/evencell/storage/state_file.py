"""Small files of state: read with their size, shape and checksum verified, written by rename. Nothing here raises.

A file is text, a new line, `#` and the CRC-32 of that text as 8 hexadecimal digits. One without that line, as earlier
versions wrote it, is accepted if its shape is right. What is damaged is set aside as `NAME.bad`.
"""

import json
import os
from binascii import crc32

from evencell.compat import const
from evencell.runtime.lazy import lazy
from evencell.storage.files import from_json, replace
from evencell.storage.paths import exists, is_folder

_CHECK_BYTES = const(10)
_LARGEST_KEPT_BYTES = const(8192)  # of a damaged file


def load_json(faults, path: str, shape: str):
    """The value in the file, which has one of the `SHAPES`; None where there is none, or where it was set aside."""
    with lazy("evencell.storage.shapes") as shapes:
        max_bytes, is_valid = shapes.SHAPES[shape]
    text = load_text(faults, path, max_bytes)
    if text is None:
        return None
    try:
        value = from_json(text)
        if is_valid(value):
            return value
    except (ValueError, RuntimeError):  # CPython: nested too deeply
        pass
    set_aside(faults, path, "not what this version writes")
    return None


def load_text(faults, path: str, max_bytes: int) -> str | None:
    """The text in the file; None where there is none, where it can't be read, or where it was set aside."""
    try:
        size = os.stat(path)[6]
        if is_folder(path):
            why = "it is a folder"
        elif size > max_bytes + _CHECK_BYTES:
            why = "%d bytes are too many" % size
        else:
            with open(path, "rb") as file:
                text, mark, check = file.read(size).rpartition(b"\n#")
            if not mark:
                text = check
            if not mark or check == b"%08x" % crc32(text):
                return str(text, "utf-8")
            why = "its checksum is wrong"
    except OSError:
        return None
    except UnicodeError:
        why = "it is no text"
    set_aside(faults, path, why)
    return None


def save_json(faults, path: str, value, max_bytes: int = 0) -> bool:
    """Write a value by rename; False where that failed. `max_bytes`: of its shape, where it may grow beyond that."""
    text = json.dumps(value)
    if max_bytes and len(text.encode()) > max_bytes:  # the next start would set it aside
        faults.failed(_name_of(path), ValueError("%d bytes are too many" % len(text.encode())))
        return False
    return save_text(faults, path, text)


def save_text(faults, path: str, text: str) -> bool:
    """Write a text by rename; False where that failed."""
    for place in (path, path + ".new"):
        if is_folder(place):
            set_aside(faults, place, "it is a folder")
    try:
        replace(path, "%s\n#%08x" % (text, crc32(text.encode())))
    except OSError as error:
        faults.failed(_name_of(path), error)
        return False
    faults.worked(_name_of(path))
    return True


def make_folder(faults, path: str):
    """Make a folder where there is none; a file in its place is set aside. Raises OSError."""
    if is_folder(path):
        return
    try:
        os.mkdir(path)
    except OSError:
        if not exists(path):
            raise
        set_aside(faults, path, "it is no folder")
        os.mkdir(path)


def set_aside(faults, path: str, why: str) -> bool:
    """Rename what is damaged to `NAME.bad`, or delete it where that fails, or where it is large; whether it is gone."""
    kept = path + ".bad"
    try:
        if os.stat(path)[6] > _LARGEST_KEPT_BYTES and not is_folder(path):
            raise OSError
        delete(kept)
        os.rename(path, kept)
        outcome = "kept as %s" % _name_of(kept)
    except OSError:
        try:
            delete(path)
        except OSError as error:
            faults.failed(_name_of(path), error)
            return False
        outcome = "deleted"
    faults.set_aside += 1
    faults.log.warning("storage: %s is damaged (%s): %s" % (_name_of(path), why, outcome))
    return True


def delete(path: str):
    """Delete a file or a folder with all that is in it, if it is there; raises OSError."""
    if is_folder(path):
        for name in os.listdir(path):
            delete("%s/%s" % (path, name))
        os.rmdir(path)
    elif exists(path):
        os.remove(path)


def _name_of(path: str) -> str:
    return path.rsplit("/", 1)[-1]
