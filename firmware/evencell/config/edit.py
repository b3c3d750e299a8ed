"""Edits `config.json` while the device runs: reads what it has, writes it. Lazy; change.py replaces all of it."""

import json
import os

from evencell.compat import const
from evencell.config.edit_error import EditError
from evencell.runtime.lazy import call
from evencell.storage.paths import exists

_MAX_BYTES = const(8192)  # as config/load.py reads
_AUTH = "auth"


def set_auth(context, key: str, value) -> str | None:
    """Store a key of the section `auth`, and use it; returns why that failed, or None.

    It is written twice: else the file before, which stands in for a damaged one, would let an old password log in.
    """
    try:
        given = read_given(context)
        is_checked = context.config_crc is not None
        if not isinstance(given.get(_AUTH), dict):
            given[_AUTH] = {}
        given[_AUTH][key] = value
        for _ in range(2):
            write(context, given, is_checked)
    except EditError as error:
        return error.args[0]
    context.config[_AUTH][key] = value
    return None


def read_given(context) -> dict:
    """What the file has; raises EditError where it is damaged. `context.config_crc` is None where it has other faults.

    Raises MemoryError where there is not enough for a file that has to be checked.
    """
    given = call("evencell.config.checked", "read", context)
    return call("evencell.config.unchecked", "read", context) if given is None else given


def write(context, given: dict, is_checked: bool = False):
    """Write the whole file; raises EditError. `is_checked`: it has no faults."""
    attempt(save, context.board.config_path, given)
    if is_checked:
        call("evencell.config.checked", "mark", context)


def attempt(function, *arguments):
    """Call one of the functions below; what the flash refuses is an EditError."""
    try:
        function(*arguments)
    except OSError as error:
        raise EditError(call("evencell.storage.errors", "sentence", "config.json", error))


def save(path: str, given: dict):
    """Write a new file, then rename: a power cut leaves a whole configuration. The one before stays as `.old`.

    Raises OSError, and EditError where it is too long.
    """
    prepare(path, given)
    commit(path)


def prepare(path: str, given: dict):
    """Write the new file, which counts once it is committed. Raises as `save` does."""
    new = path + ".new"
    with open(new, "w") as file:
        json.dump(given, file)
    size = os.stat(new)[6]
    if size > _MAX_BYTES:
        os.remove(new)
        raise EditError("the configuration would take %d bytes, at most %d are read" % (size, _MAX_BYTES))


def commit(path: str):
    """Put the file that was prepared in the place of the one before; raises OSError."""
    if exists(path):
        os.rename(path, path + ".old")
    os.rename(path + ".new", path)
