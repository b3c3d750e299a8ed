"""Replaces a configuration without faults while the device runs. Lazy; each step is a lazy module of its own.

One that may have faults: unchecked.py. Of all that does not change nothing is in memory while the rest is checked.
"""

import os

from evencell.runtime.lazy import call, lazy
from evencell.storage.paths import exists

_EDIT = "evencell.config.edit"
_AUTH = "auth"
_COMPARED = ("profile", "http", "wifi", "power")  # by lockout.py
_OF_POLICY = ("profile", "packs", "power", "control")  # by policy_warning.py


def begin(old: dict, new: dict, path: str) -> tuple[list[str], dict]:
    """Write `new` beside the file if sections differ; returns the names of these, and what `new` has there.

    Raises EditError.
    """
    new.pop(_AUTH, None)
    if _AUTH in old:
        new[_AUTH] = old[_AUTH]
    names = list(old) + [name for name in new if name not in old]
    with lazy("evencell.config.same") as same:
        names = [name for name in names if not same.is_same(old.get(name), new.get(name))]
    if names:
        with lazy(_EDIT) as edit:
            edit.attempt(edit.prepare, path, new)
    return names, {name: new[name] for name in names if name in new}


def discard(context):
    """Leave nothing of what was begun, where it was not finished."""
    path = context.board.config_path + ".new"
    if exists(path):
        os.remove(path)


def finish(context, names: list, new: dict) -> dict:
    """Let the new file count, which was checked, and use of these sections what can be used now; raises EditError.

    Returns `applied` and `restart` (keys, or a section for whose use now there is no memory) and `warnings`.
    """
    applied, restart, warnings = [], [], []
    if names:
        path = context.board.config_path
        warnings = _warnings(context.board, path, names, new)
        call(_EDIT, "use_prepared", context, True)
        for name in names:  # one after the other: whole configurations would take too much memory
            try:
                before, config = _compared(path + ".old", (name,), new, (name,))
                call("evencell.config.live", "use", context, before, config, applied, restart)
            except MemoryError:  # it is written
                restart.append(name)
            before = config = None
    return {"applied": applied, "restart": restart, "warnings": warnings}


def _warnings(board, path: str, names: list, new: dict) -> list[str]:
    """What the owner should know before these sections of the file at this path become those of `new`."""
    found = []
    if any(name in names for name in _COMPARED):
        before, config = _compared(path, names, new, _COMPARED)
        found = call("evencell.config.lockout", "warnings", board, before, config)
        del before, config
    if any(name in names for name in _OF_POLICY):
        old = call("evencell.config.checked", "content", path, _OF_POLICY)
        now = {name: old[name] for name in old if name not in names}
        now.update({name: new[name] for name in _OF_POLICY if name in names and name in new})
        found += call("evencell.config.policy_warning", "warnings", old, now)
    return found


def _compared(path: str, changed, new: dict, names: tuple) -> tuple[dict, dict]:
    """Sections of these names with their defaults: as a file has those that have changed, and as they are in `new`."""
    before = call("evencell.config.checked", "content", path, changed)
    with lazy("evencell.config.complete") as complete:  # loaded twice in a row, both would be in memory
        return complete.complete(before, None, names), complete.complete(new, None, names)
