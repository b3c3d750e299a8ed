"""Checks a configuration against the table of keys, and finds all faults at once.

No fault shows a text of the configuration: it may be a password in a wrong place. Shown are numbers where a number
belongs, and what is nearly one of the table's own words. Each step is a lazy module: complete.py, reconcile.py,
reconcile_control.py, and for faults wrong_value.py and unknown_key.py.
"""

from evencell.config.faults import Faults
from evencell.runtime.lazy import call


def check(given: dict, repeated=()) -> tuple[dict, list[str]]:
    """`given` with every missing or wrong key at its default, and a sentence for each wrong one, at most 20.

    `repeated`: paths of keys that the file has twice.
    """
    faults = Faults(repeated)
    config = call("evencell.config.complete", "complete", given, faults)
    call("evencell.config.reconcile_control", "reconcile", config, faults)
    call("evencell.config.reconcile", "reconcile", config, faults)
    return config, faults.all()


def sections(given: dict, names) -> dict:
    """The sections of these names, with every missing or wrong key at its default, without a sentence about it."""
    faults = Faults(())
    faults.mute()
    return call("evencell.config.complete", "complete", {n: given[n] for n in names if n in given}, faults, names)
