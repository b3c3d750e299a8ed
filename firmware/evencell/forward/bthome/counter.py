"""The counter of encrypted beacons: no number is used twice, also after a power cut.

A number that comes twice under one key would show the difference of two readings, and receivers take one that is
smaller than the last for a replay. So runs of numbers are reserved on the flash: `bthome.json`, the first free one.
"""

from evencell.compat import const
from evencell.runtime.lazy import call

RESERVED = const(1024)  # numbers of a run
_STATE_FILE = "evencell.storage.state_file"


def following(number: int, end: int, storage: str, faults_of) -> tuple[int, int] | None:
    """The next number and the end of its run; None where the flash can't keep that another run is used now.

    `number` is the last one, `end` that of its run. `faults_of()` gives the storage faults, where they are needed.
    """
    number += 1
    if number < end:
        return number, end
    first = _reserve(storage, faults_of())
    return None if first is None else (first, first + RESERVED)


def _reserve(storage: str, faults) -> int | None:
    path = storage + "/bthome.json"
    first = call(_STATE_FILE, "load_json", faults, path, "beacons") or 0
    is_kept = call(_STATE_FILE, "save_json", faults, path, first + RESERVED)
    return first if is_kept else None
