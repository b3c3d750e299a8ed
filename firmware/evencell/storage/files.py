"""Small files, written atomically: safe against power cuts."""

import json
import os


def replace(path: str, text: str):
    """Write `text` to a new file, then rename it: `path` always holds either the old or the new text, whole.

    Raises OSError.
    """
    try:
        with open(path + ".new", "w") as file:
            file.write(text)
        os.rename(path + ".new", path)
    except OSError:
        remove(path + ".new")  # what came of it takes room, where there is little
        raise


def remove(path: str):
    """Remove a file if it is there and can be removed."""
    try:
        os.remove(path)
    except OSError:
        pass


def from_json(text: str):
    """The value of a JSON text; raises ValueError where it is none, or only its beginning.

    MicroPython before 1.26 itself closes the outermost list or object. Here that is our list, without its 0.
    """
    value, _end = json.loads("[%s,0]" % text)
    return value
