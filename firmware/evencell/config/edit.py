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
        if not isinstance(given.get(_AUTH), dict):
            given[_AUTH] = {}
        given[_AUTH][key] = value
        for _ in range(2):
            write(context, given)
    except EditError as error:
        return error.args[0]
    context.config[_AUTH][key] = value
    return None


def read_given(context) -> dict:
    """What the file has; raises EditError where it is damaged."""
    faults = []
    given = call("evencell.config.load", "read_best", context.board.config_path, faults, [])[0]
    if faults:
        raise EditError("%s: correct config.json first" % faults[0])
    return given


def write(context, given: dict):
    """Write the whole file; raises EditError."""
    try:
        save(context.board.config_path, given)
    except OSError as error:
        raise EditError(call("evencell.storage.errors", "sentence", "config.json", error))


def save(path: str, given: dict):
    """Write a new file, then rename: a power cut leaves a whole configuration. The one before stays as `.old`.

    Raises OSError, and EditError where it is too long.
    """
    new = path + ".new"
    with open(new, "w") as file:
        json.dump(given, file)
    size = os.stat(new)[6]
    if size > _MAX_BYTES:
        os.remove(new)
        raise EditError("the configuration would take %d bytes, at most %d are read" % (size, _MAX_BYTES))
    if exists(path):
        os.rename(path, path + ".old")
    os.rename(new, path)
