"""Dates the records of before the clock was set. Records on the flash are not written again: `journal_runs.json` has
the time at which each run of the firmware began, by its number.
"""

import struct

from evencell.forward.outbox.record import DATED, KEY
from evencell.runtime.lazy import call

_MAX_RUNS = 8
_STATE_FILE = "evencell.storage.state_file"


def date(outbox, records) -> bool:
    """Date these records of the outbox in place, and write down when this run began if there are more on the flash.

    False where that could not be written.
    """
    clock = outbox.context.clock
    for at in range(0, len(records), outbox.record_bytes):
        flags, _tag, run_id, time_s, _sequence = struct.unpack_from(KEY, records, at)
        if run_id == outbox.run_id and not flags & DATED:
            records[at] |= DATED
            struct.pack_into("<I", records, at + 5, clock.unix_s_at(1000 * time_s))
    if not outbox.store:
        return True
    runs = [run for run in starts_of_runs(outbox) if run[0] != outbox.run_id]
    runs.append([outbox.run_id, clock.unix_s_at(0)])
    return call(_STATE_FILE, "save_json", outbox.context.storage_faults, _path(outbox), runs[-_MAX_RUNS:])


def starts_of_runs(outbox) -> list:
    """Pairs of a run's number and its start in UNIX seconds, of the newest runs with a known start."""
    return call(_STATE_FILE, "load_json", outbox.context.storage_faults, _path(outbox), "runs") or []


def _path(outbox) -> str:
    return outbox.context.board.storage + "/journal_runs.json"
