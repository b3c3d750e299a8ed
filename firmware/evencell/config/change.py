"""Replaces a configuration without faults while the device runs. Lazy; each step is a lazy module of its own.

One that may have faults: unchecked.py. Of all that does not change nothing is in memory while the rest is checked.
"""

import os

from evencell.config.edit import attempt, commit, prepare
from evencell.runtime.lazy import call, lazy
from evencell.storage.paths import exists

_AUTH = "auth"
_COMPARED = ("profile", "http", "wifi", "power")  # by lockout.py


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
        attempt(prepare, path, new)
    return names, {name: new[name] for name in names if name in new}


def discard(context):
    """Leave nothing of what was begun, where it was not finished."""
    path = context.board.config_path + ".new"
    if exists(path):
        os.remove(path)


def finish(context, names: list, new: dict) -> dict:
    """Let the new file count, which was checked, and use of these sections what can be used now; raises EditError.

    Returns `applied` and `restart` (keys) and `warnings`.
    """
    if not names:
        return {"applied": [], "restart": [], "warnings": []}
    path = context.board.config_path
    attempt(commit, path)
    call("evencell.config.checked", "mark", context)
    applied, restart, warnings = [], [], []
    if any(name in names for name in _COMPARED):
        before = call("evencell.config.checked", "content", path + ".old", names)
        before, config = _completed(before, _COMPARED), _completed(new, _COMPARED)
        warnings = call("evencell.config.lockout", "warnings", context.board, before, config)
        del before, config
    if "control" in names:
        old = call("evencell.config.checked", "content", path + ".old", ("control", "packs"))
        packs = new.get("packs", old.get("packs", [{}]))
        warnings += call(
            "evencell.config.policy_warning", "warnings", old.get("control", {}), new.get("control", {}), packs
        )
        del old, packs
    for name in names:  # one after the other: whole configurations would take too much memory
        before = call("evencell.config.checked", "content", path + ".old", (name,))
        before, config = _completed(before, (name,)), _completed(new, (name,))
        call("evencell.config.live", "use", context, before, config, applied, restart)
    return {"applied": applied, "restart": restart, "warnings": warnings}


def _completed(given: dict, names: tuple) -> dict:
    """Sections with their defaults."""
    return call("evencell.config.complete", "complete", given, None, names)
