"""The counter of encrypted beacons: no number is used twice, also after a power cut (a lazy module).

A number that comes twice under one key would show the difference of two readings, and receivers take one that is
smaller than the last for a replay. So runs of numbers are reserved on the flash: `bthome.json`, the first free one.
"""

from evencell.compat import const
from evencell.runtime.lazy import call

RESERVED = const(1024)
_STATE_FILE = "evencell.storage.state_file"


def reserve(storage: str, faults) -> int | None:
    """The first of 1,024 numbers that were never used; None where the flash can't keep that they are used now."""
    path = storage + "/bthome.json"
    first = call(_STATE_FILE, "load_json", faults, path, "beacons") or 0
    is_kept = call(_STATE_FILE, "save_json", faults, path, first + RESERVED)
    return first if is_kept else None
