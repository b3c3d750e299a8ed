"""Small files on a flash whose power may go at any moment."""

import json
import os


def exists(path: str) -> bool:
    """Whether there is a file of this name."""
    try:
        os.stat(path)
    except OSError:
        return False
    return True


def replace(path: str, text: str):
    """Write `text` to a new file, then rename it: `path` always holds either the old or the new text, whole."""
    with open(path + ".new", "w") as file:
        file.write(text)
    os.rename(path + ".new", path)


def from_json(text: str):
    """The value of a JSON text; raises ValueError where it is none, or only its beginning.

    MicroPython before 1.26 itself closes the outermost list or object. Here that is our list, without its 0.
    """
    value, _end = json.loads("[%s,0]" % text)
    return value
