"""The text of `/api/v1/history`: minima, maxima and means of a pack's cells as columns, and their health.

The records of a day do not fit into an ESP32's memory, so each column is a pass over them. Loaded on demand.
"""

import json
from array import array

from evencell.compat import const
from evencell.history.recorder import MINUTES, READINGS, START
from evencell.history.store import ROWS
from evencell.runtime.lazy import unload

_HEALTH_S = const(2_592_000)
# Unloaded as soon as possible, so only numbers are imported from them: a function would keep its module in memory.
_RING = "evencell.storage.record_ring"
_STORE = "evencell.history.store"
_FOLD = "evencell.history.fold"
_READER = "evencell.history.reader"
_COLUMNS = "evencell.history.columns"
_HEALTH = "evencell.history.health"
_REPORT = "evencell.history.health_report"
_KINDS = ("minimum_mv", "maximum_mv", "mean_mv")


def pieces(context, history, span: str, seconds: tuple, load):
    """Generate the text, and None where other tasks may run. `seconds`: of the span, and of a step."""
    clock = context.clock
    span_s, step_s = seconds
    now_s = clock.unix_s()
    base = "uptime" if now_s is None else "unix"
    if now_s is None:
        now_s = clock.uptime_ms() // 1000
    head = json.dumps(history.pack.name), span, step_s, base, now_s
    yield '{"pack":%s,"span":"%s","step_s":%d,"time_base":"%s","now":%d,"time":[' % head
    store = _open(context, history, load)
    if store is None:
        yield '],"cells":[],"health":null}'
        return
    try:
        shown, month = _readers(clock, history, store, step_s > 60, load)
        yield None
        yield from _columns(load(_COLUMNS).Columns(shown), history.cells, (now_s - span_s, now_s, step_s))
        shown = None
        unload(_COLUMNS)
        yield ']}],"health":'
        health = load(_HEALTH).Health(history.cells)
        yield from _add_records(health, month, now_s - _HEALTH_S)
    finally:
        store.close()
    month = store = None
    for module in (_READER, _STORE, _RING):
        unload(module)
    yield from load(_REPORT).pieces(health)
    yield "}"


def _open(context, history, load):
    """The pack's store; None if there is none, or it can't be read."""
    if not history.is_stored:
        return None
    store = load(_STORE)
    try:
        return store.Store(store.folder_of(context.history.folder, history.pack.name, history.cells), history.cells)
    except OSError as error:
        context.storage_faults.failed("history of " + history.pack.name, error)
        return None


def _readers(clock, history, store, is_month: bool, load) -> tuple:
    """Readers for the columns and for the health."""
    live = None
    if history.record[READINGS]:
        load(_STORE).stamp(history.record, clock)
        live = history.record  # not a copy: what is added meanwhile is in a row already, or not in this response
    start = history.record[START]
    summaries = [array("H", summary) for summary, _ in load(_FOLD).pending(store, live)]
    unload(_FOLD)
    make = load(_READER).RecordReader
    month = make(store.month, store.month_record, ROWS, summaries, start, clock)
    if is_month:
        return month, month
    return make(store.day, store.day_record, MINUTES, [live] if live else [], start, clock), month


def _columns(columns, cells: int, limits: tuple):
    """Generate all columns, with a pause instead of an empty text."""
    for text in columns.times(*limits):
        yield text or None
    yield '],"cells":['
    for cell in range(cells):
        for kind, name in enumerate(_KINDS):
            yield '%s"%s":[' % ("]," if kind else "]},{" if cell else "{", name)
            yield from columns.column(cell, kind)


def _add_records(health, reader, since_s: int):
    """Add up the month, with a pause after each record."""
    for number in range(reader.count):
        record, start_s = reader.dated(number)
        if record and (start_s is None or start_s >= since_s):
            health.add(record, start_s)
        yield None
