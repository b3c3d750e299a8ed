"""Checks conditions on the sections that differ from a configuration without faults. Lazy, and so is each step."""

from evencell.config.edit_error import EditError
from evencell.config.faults import Faults
from evencell.runtime.lazy import call

# Modules with conditions between keys, and the sections that they need.
_CONDITIONS = (
    ("evencell.config.reconcile_control", ("packs", "control")),
    ("evencell.config.reconcile", ("profile", "wifi", "time", "http", "mqtt", "influx", "power", "bthome")),
)


def check(context, names: list, faults):
    """Check conditions between keys, of what change.py has begun; raises EditError, also for `faults` of the values."""
    path = context.board.config_path + ".new"
    for module, needed in _CONDITIONS:
        if any(name in names for name in needed):
            call(module, "reconcile", _completed(path, faults, needed), faults)
    if faults.count:
        raise EditError(*faults.all())


def _completed(path: str, faults, names: tuple) -> dict:
    """Sections of a file with their defaults; also for a wrong value, of which there may be some with `faults`."""
    muted = None
    if faults.count:
        muted = Faults(())
        muted.mute()
    given = call("evencell.config.checked", "content", path, names)
    return call("evencell.config.complete", "complete", given, muted, names)
