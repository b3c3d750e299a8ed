"""Event log: writes, alarms, rules and policies, kept across restarts and power cuts. Loaded on demand.

An event is a tuple: UNIX time or None, kind ("settings", "alarm", "rule", "policy" or "w"), pack, name, source, old and
new value, result, sentence. A record of the ring (storage/record_ring.py) is that as a list in JSON, filled up with
spaces.
"""

import json

from evencell.compat import const
from evencell.runtime.lazy import call
from evencell.storage.record_ring import RecordRing

MAX_EVENTS = const(200)  # that are shown; a few more are kept
RECORD_BYTES = const(156)
_PER_SEGMENT = const(25)  # records with their checksums: 4,000 bytes, within one block of the flash
_SEGMENTS = const(9)
_COUNT_AT_LAST = const(125)  # events: what waited is kept where there is little memory, so not with each segment
_FOLDER = "/eventlog"
_OWNER = "event log"
_NOTES = "evencell.control.event_notes"
_ALARMS = "evencell.control.event_alarms"
_COUNTS = "evencell.control.write_counts"
_BY = const(4)
_RESULT = const(7)
_NOT_WRITTEN = "refused"
_REFUSAL_S = const(60)  # between two different ones that are kept


def append(context, events: list):
    """Keep these events with one write, behind those that wait (event_notes.py): in the order of time.

    Where the flash takes none they are lost, and the status says so.

    A refusal, after which nothing was written to the balancer, is not kept again while it is the newest event, nor
    another one by the same source within a minute: what repeats commands for hours must not wear the flash.
    """
    count_after = _PER_SEGMENT if events else _COUNT_AT_LAST
    if context.rules:
        events = call(_NOTES, "take", context, context.rules) + events
    elif context.hub.is_log_due:
        events = call(_ALARMS, "take", context) + events
    try:
        ring = open_log(context)
        records, newest = bytearray(), _newest(ring)
        for event in events:
            event = list(event)
            if not _is_repeated(event, newest):
                records += encode(event)
                newest = event
        ring.close()
        if records:
            ring.append(records)
            _count(context, ring, count_after)
    except OSError as error:
        context.storage_faults.failed(_OWNER, error)
    else:
        context.storage_faults.worked(_OWNER)


def _count(context, ring, count_after: int):
    """Have the writes by hand counted, once in so many events (write_counts.py)."""
    if context.key_values is None:  # in a wake of power/
        return
    kept = context.key_values.get("by_hand")
    if 0 <= ring.next - (kept["until"] if kept else 0) < count_after:
        return
    try:
        call(_COUNTS, "keep", context, ring)
    except MemoryError:
        pass  # with the next event


def _is_repeated(event: list, newest) -> bool:
    """Whether it is a refusal, and one by the same source is the newest event: the same, or less than a minute old."""
    if newest is None or not event[_RESULT] == newest[_RESULT] == _NOT_WRITTEN or event[_BY] != newest[_BY]:
        return False
    if event[1:_RESULT] == newest[1:_RESULT] or None in (event[0], newest[0]):
        return True
    return abs(event[0] - newest[0]) < _REFUSAL_S


def read(context, after: int):
    """Generate each kept event after the number `after`, oldest first: (number, fields). Numbers count from 1."""
    try:
        ring = open_log(context)
    except OSError as error:
        context.storage_faults.failed(_OWNER, error)
        return
    record = bytearray(RECORD_BYTES)
    try:
        for sequence in range(max(ring.first, ring.next - MAX_EVENTS, after), ring.next):
            fields = decode(ring, sequence, record)
            if fields:
                yield sequence + 1, fields
    finally:
        ring.close()


def encode(event: list) -> bytes:
    """The record of an event, its sentence shortened to fit."""
    event = list(event)
    data = json.dumps(event).encode()
    while len(data) > RECORD_BYTES and event[-1]:
        event[-1] = event[-1].rstrip("…")[:-1]
        if event[-1]:
            event[-1] += "…"
        data = json.dumps(event).encode()
    return data[:RECORD_BYTES] + b" " * (RECORD_BYTES - len(data))


def open_log(context) -> RecordRing:
    """The ring of the records; raises OSError."""
    return RecordRing(context.board.storage + _FOLDER, RECORD_BYTES, _PER_SEGMENT, _SEGMENTS, context.storage_faults)


def _newest(ring):
    return decode(ring, ring.next - 1, bytearray(RECORD_BYTES))


def decode(ring, sequence: int, record):
    """The fields of a record; None where it is damaged, or of a version with others."""
    if not ring.read_into(sequence, record):
        return None
    try:
        fields = json.loads(bytes(record))
    except ValueError:
        return None
    return fields if isinstance(fields, list) and len(fields) == _RESULT + 2 else None
