"""Replaces the configuration while the device runs. Lazy; each step is a lazy module of its own."""

from evencell.config.edit_error import EditError
from evencell.runtime.lazy import call

_AUTH = "auth"
_COMPARED = ("profile", "http", "wifi")  # by lockout.py


def replace(context, old: dict, new: dict) -> dict:
    """Check `new`, write it in the place of `old`, and use what can be used now; raises EditError.

    Faults that `old` has, too, are no obstacle. Returns `applied` and `restart` (keys) and `warnings`. What `old` says
    already is not written.
    """
    new[_AUTH] = old.get(_AUTH)
    if new[_AUTH] is None:
        del new[_AUTH]
    config, faults = call("evencell.config.check", "check", new)
    if faults:
        old_faults = call("evencell.config.check", "check", old)[1]
        wrong = [fault for fault in faults if fault not in old_faults]
        if wrong:
            raise EditError(*wrong)
    for section in list(config):  # two whole configurations would take too much memory
        if old.get(section) == new.get(section) and section not in _COMPARED:
            del config[section]
    if not _is_same(old, new):
        call("evencell.config.edit", "write", context, new)
    before = call("evencell.config.check", "sections", old, config)
    faults += call("evencell.config.lockout", "warnings", context.board, before, config)
    for each in (before, config):
        call("evencell.config.load", "override", each, context.board.overrides)  # the command line wins over the file
    applied, restart = call("evencell.config.live", "use", context, before, config)
    return {"applied": applied, "restart": restart, "warnings": faults}


def _is_same(old, new) -> bool:
    """Whether both are written alike: true is not 1, which may have been a fault."""
    if type(old) is not type(new) or (isinstance(old, (dict, list)) and len(old) != len(new)):
        return False
    if isinstance(old, dict):
        return all(key in new and _is_same(old[key], new[key]) for key in old)
    if isinstance(old, list):
        return all(_is_same(old[i], new[i]) for i in range(len(old)))
    return old == new
