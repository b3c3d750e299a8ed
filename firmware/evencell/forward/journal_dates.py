"""Dates what was kept before the clock was known. In memory only when it becomes known.

What is on the flash is not written again: `journal_runs.json` says when a run began, by its number.
"""

import json
import struct

from evencell.forward.journal_record import DATED, KEY
from evencell.system.files import from_json, replace

_MOST_RUNS = 8
_FILE_BYTES = 400


def date(journal):
    """The clock is known: date what is held, and write down when this run began if there is more on the flash."""
    clock = journal.context.clock
    for place in range(journal.count):
        flags, _tag, run_id, time_s, _sequence = struct.unpack_from(KEY, journal.held, journal.at(place))
        if run_id == journal.run_id and not flags & DATED:
            journal.held[journal.at(place)] |= DATED
            struct.pack_into("<I", journal.held, journal.at(place) + 5, clock.unix_s_at(1000 * time_s))
    journal.save()
    if journal.store:
        runs = [run for run in begun(journal) if run[0] != journal.run_id]
        runs.append([journal.run_id, clock.unix_s_at(0)])
        replace(_path(journal), json.dumps(runs[-_MOST_RUNS:]))


def begun(journal) -> list:
    """Pairs of a run's number and its beginning in UNIX seconds, as far as they are known; no more than a few."""
    try:
        with open(_path(journal)) as file:
            runs = from_json(file.read(_FILE_BYTES))
        return [[run_id, begun_s] for run_id, begun_s in runs if isinstance(run_id + begun_s, int)]
    except (OSError, ValueError, TypeError):
        return []


def _path(journal) -> str:
    return journal.context.board.storage + "/journal_runs.json"
