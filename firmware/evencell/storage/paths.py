"""Whether a file or folder exists. Apart from files.py, because resident modules need no more than this."""

import os


def exists(path: str) -> bool:
    """Whether there is a file of this name."""
    try:
        os.stat(path)
    except OSError:
        return False
    return True


def is_folder(path: str) -> bool:
    """Whether there is a folder of this name."""
    try:
        return os.stat(path)[0] & 0x4000 != 0
    except OSError:
        return False
