"""What a device that sleeps writes to the flash about itself, for a start without RTC memory (a lazy module).

`wake_marks.json`: `starts` counts those in a row that did not come to their sleep, `sequences` has the number of each
pack's latest reading that is on the flash or was delivered.
"""

from evencell.runtime.lazy import call

_STATE_FILE = "evencell.storage.state_file"
_MAX_STARTS = 255


def load(context) -> dict:
    """The marks, also where there are none."""
    return call(_STATE_FILE, "load_json", context.storage_faults, _path(context), "marks") or {
        "starts": 0,
        "sequences": {},
    }


def count_start(context, marks: dict):
    """Count a start without RTC memory, before anything else happens in it."""
    marks["starts"] = min(marks["starts"] + 1, _MAX_STARTS)
    write(context, marks)


def write(context, marks: dict) -> bool:
    """Write the marks; False where that failed."""
    return call(_STATE_FILE, "save_json", context.storage_faults, _path(context), marks)


def save(context, packs) -> bool:
    """Write the numbers of the latest readings (pairs of a PackState and its pack); False where that failed."""
    sequences = {pack.name: pack_state.sequence for pack_state, pack in packs}
    if not write(context, {"starts": 0, "sequences": sequences}):
        return False
    for pack_state, _ in packs:
        pack_state.marked = pack_state.sequence
    return True


def _path(context) -> str:
    return context.board.storage + "/wake_marks.json"
