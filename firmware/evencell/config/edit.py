"""Edits `config.json` while the device runs: reads what it has, writes it. Lazy; change.py replaces all of it."""

import gc
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
        write(context, given, is_checked)
    except EditError as error:
        return error.args[0]
    context.config[_AUTH][key] = value
    try:
        write(context, given, is_checked)
    except (EditError, MemoryError):
        context.log.warning("config: auth.%s is stored, but the file before this one still has the old value" % key)
    return None


def read_given(context) -> dict:
    """What the file has; raises EditError where it is damaged. `context.config_crc` is None where it has other faults.

    Raises MemoryError where there is not enough for a file that has to be checked.
    """
    given = call("evencell.config.checked", "read", context)
    return call("evencell.config.unchecked", "read", context) if given is None else given


def write(context, given: dict, is_checked: bool = False):
    """Write the whole file; raises EditError. `is_checked`: it has no faults."""
    attempt(prepare, context.board.config_path, given)
    use_prepared(context, is_checked)


def use_prepared(context, is_checked: bool):
    """Let the file count that was prepared; raises EditError. Nothing that takes memory follows the rename."""
    path = context.board.config_path
    crc = call("evencell.config.checked", "checksum", context, path + ".new") if is_checked else None
    attempt(commit, path)
    context.config_crc = crc


def attempt(function, *arguments):
    """Call one of the functions below; what the flash refuses is an EditError."""
    try:
        function(*arguments)
    except OSError as error:
        raise EditError(call("evencell.storage.errors", "sentence", "config.json", error))


def prepare(path: str, given: dict):
    """Write a new file, which counts once it is committed: a power cut leaves a whole configuration.

    Raises OSError, and EditError where it is too long.
    """
    new = path + ".new"
    with open(new, "w") as file:
        json.dump(given, file)
    size = os.stat(new)[6]
    if size > _MAX_BYTES:
        os.remove(new)
        raise EditError("the configuration would take %d bytes, at most %d are read" % (size, _MAX_BYTES))


def commit(path: str):
    """Put the file that was prepared in the place of the one before, which stays as `.old`; raises OSError."""
    new, old = path + ".new", path + ".old"
    gc.collect()  # for lack of memory between the two there would be no file
    if exists(path):
        os.rename(path, old)
    os.rename(new, path)
