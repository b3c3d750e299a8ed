"""`/api/v1/history`: a pack's minima, maxima and means as columns, and its health. In memory only while it is sent.

A day of all cells is more than an ESP32 has room for at once, so each column is a walk through the records.
"""

import json
from array import array

from evencell.compat import const
from evencell.forward.server import JSON_TYPE, Response, error, unescaped
from evencell.pack.history import MINUTES, READINGS, START
from evencell.pack.history_store import ROWS, Store, folder_of, stamp
from evencell.pack.history_walk import Walk
from evencell.system.on_demand import forget

_SPANS = {"1h": (3600, 60), "24h": (86_400, 60), "30d": (2_592_000, 900)}  # span and step, s
_HEALTH_S = const(2_592_000)
_FOLD = "evencell.pack.history_fold"  # needed for the summaries alone
_HEALTH = "evencell.pack.health"  # loaded after the columns: beside them there is no room for it
_KINDS = ("minimum_mv", "maximum_mv", "mean_mv")


def answer(context, request, load) -> Response:
    """The answer to a request, or what is wrong with it. `load`: as `LazyResponse` has it."""
    keeper = context.history
    if keeper is None:
        return error(404, "no history is kept here: history.enabled is false, or the profile has none")
    try:
        name, span = _asked(request.query)
    except ValueError:
        return error(400, "a query is pack=NAME&span=1h, 24h or 30d")
    found = [history for history in keeper.histories if name in (None, history.pack.name)]
    if not found:
        return error(404, "there is no history of this pack: no such name, or no room (the log says so)", "pack")
    if span not in _SPANS:
        return error(400, "span is 1h, 24h or 30d", "span")
    return Response(_pieces(context, found[0], span, load), JSON_TYPE)


def _asked(query: str) -> tuple:
    """Pack, or None, and span; raises ValueError for an escape that is none."""
    name, span = None, "24h"
    for part in query.split("&"):
        key, _, value = part.partition("=")
        if key == "pack":
            name = unescaped(value)
        elif key == "span":
            span = unescaped(value)
    return name, span


def _pieces(context, history, span: str, load):
    """Generates the text, and None where other tasks may run: a walk takes long."""
    clock = context.clock
    span_s, step_s = _SPANS[span]
    now_s = clock.unix_s()
    base = "uptime" if now_s is None else "unix"
    if now_s is None:
        now_s = clock.uptime_ms() // 1000
    head = json.dumps(history.pack.name), span, step_s, base, now_s
    yield '{"pack":%s,"span":"%s","step_s":%d,"time_base":"%s","now":%d,"time":[' % head
    if not history.cells:
        yield '],"cells":[],"health":null}'
        return
    store = Store(folder_of(context.history.folder, history.pack.name, history.cells), history.cells)
    try:
        walk, month = _walks(clock, history, store, span == "30d")
        yield from _paused(walk.times(now_s - span_s, now_s, step_s))
        yield '],"cells":['
        for cell in range(history.cells):
            for kind, name in enumerate(_KINDS):
                yield '%s"%s":[' % ("]," if kind else "]},{" if cell else "{", name)
                yield from _paused(walk.column(cell, kind))
        yield ']}],"health":'
        walk = None  # its memory is needed now
        yield from _paused(_health(load, month, history.cells, now_s - _HEALTH_S))
        yield "}"
    finally:
        store.close()


def _paused(texts):
    """What a walk generates, with a pause after each record; the text is empty where the walk only goes on."""
    for text in texts:
        if text:
            yield text
        yield None


def _walks(clock, history, store, is_month: bool) -> tuple:
    """What the columns are made of, and what the health is made of."""
    live = None
    if history.record[READINGS]:
        stamp(history.record, clock)
        live = history.record  # no copy: what grows meanwhile has a row already, or none in this answer
    start = history.record[START]
    summaries = [array("H", summary) for summary, _ in store.pending(live)]
    forget(_FOLD)
    month = Walk(store.month, store.month_record, ROWS, summaries, start, clock)
    if is_month:
        return month, month
    return Walk(store.day, store.day_record, MINUTES, [live] if live else [], start, clock), month


def _health(load, walk, cells: int, since_s: int):
    health = load(_HEALTH).Health(cells)
    for number in range(walk.count):
        record, start_s = walk.dated(number)
        if record and (start_s is None or start_s >= since_s):
            health.add(record, start_s)
        yield ""
    yield from health.pieces()
