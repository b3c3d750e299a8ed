"""Sentences for files that can't be read or written."""

import errno

_WORDS: dict = {
    errno.ENOENT: "its folder is missing",
    errno.EIO: "the flash reports an error",
    errno.EACCES: "permission denied",
    28: "no space left; delete files that are not evencell's",  # ENOSPC and EROFS: MicroPython's errno lacks the names
    30: "read-only",
    errno.EISDIR: "a folder is in its place",
    20: "a file is in the place of a folder",
}


def reason(error: Exception) -> str:
    """Why a file can't be read or written, in a few words."""
    number = error.args[0] if isinstance(error, OSError) and error.args else 0
    return "not enough memory" if isinstance(error, MemoryError) else _WORDS.get(number) or str(error)


def sentence(owner: str, error: Exception) -> str:
    """Return what can't be written, and why."""
    return "%s can't be written: %s" % (owner, reason(error))
