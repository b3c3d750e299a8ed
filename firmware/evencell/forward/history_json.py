"""`/api/v1/history`: a pack's minima, maxima and means as columns, and its health. In memory only while it is sent.

A day of all cells is more than an ESP32 has room for at once, so each column is a walk through the records.
"""

import gc
import json
from array import array

from evencell.compat import const, sleep_ms, wait_for_ms
from evencell.forward.server import JSON_TYPE, Response, error, unescaped
from evencell.pack.history import MINUTES, READINGS, START
from evencell.system.on_demand import forget

_SPANS = {"1h": (3600, 60), "24h": (86_400, 60), "30d": (2_592_000, 900)}  # span and step, s
_HEALTH_S = const(2_592_000)
_PIECE_BYTES = const(512)
_PIECE_MS = const(5_000)
_ANSWER_MS = const(300_000)
_TURN_MS = const(50)
_KINDS = ("minimum_mv", "maximum_mv", "mean_mv")


def answer(context, request) -> Response:
    """The answer to a request, or what is wrong with it."""
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
    if keeper.is_read:
        return error(503, "the history is being read already; try again in a moment")
    return Response((), JSON_TYPE, send=Answer(context, found[0], span).send)


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


class Answer:
    """One answer, while it is sent."""

    def __init__(self, context, history, span: str):
        self._clock = context.clock
        self._keeper = context.history
        self._history = history
        self._span = span
        self._store = None

    async def send(self, writer, _leave):
        """Send it piece by piece, within five minutes; raises OSError or asyncio.TimeoutError."""
        keeper = self._keeper
        while keeper.is_read:  # by one who asked at the same moment
            await sleep_ms(_TURN_MS)
        keeper.is_read = True
        try:
            await wait_for_ms(self._send(writer), _ANSWER_MS)
        finally:
            keeper.is_read = False
            if self._store:
                self._store.close()
            for name in ("store", "fold", "walk"):
                forget("evencell.pack.history_" + name)
            forget("evencell.pack.health", "evencell.system.ring")
            gc.collect()

    async def _send(self, writer):
        waiting, size = [], 0
        for text in self._pieces():
            waiting.append(text)
            size += len(text)
            if size >= _PIECE_BYTES:
                writer.write("".join(waiting).encode())
                await wait_for_ms(writer.drain(), _PIECE_MS)
                waiting, size = [], 0
            await sleep_ms(0)  # a walk takes long, and nobody else may have to wait for its end
        writer.write("".join(waiting).encode())
        await wait_for_ms(writer.drain(), _PIECE_MS)

    def _pieces(self):
        """Generates the text; it may be empty where a walk only goes on."""
        span_s, step_s = _SPANS[self._span]
        history, clock = self._history, self._clock
        now_s = clock.unix_s()
        base = "uptime" if now_s is None else "unix"
        if now_s is None:
            now_s = clock.uptime_ms() // 1000
        head = json.dumps(history.pack.name), self._span, step_s, base, now_s
        yield '{"pack":%s,"span":"%s","step_s":%d,"time_base":"%s","now":%d,"time":[' % head
        if not history.cells:
            yield '],"cells":[],"health":null}'
            return
        walk, month = self._walks(self._span == "30d")
        yield from walk.times(now_s - span_s, now_s, step_s)
        yield '],"cells":['
        for cell in range(history.cells):
            for kind, name in enumerate(_KINDS):
                yield '%s"%s":[' % ("]," if kind else "]},{" if cell else "{", name)
                yield from walk.column(cell, kind)
        yield ']}],"health":'
        yield from _health(month, history.cells, now_s - _HEALTH_S)
        yield "}"

    def _walks(self, is_month: bool) -> tuple:
        """What the columns are made of, and what the health is made of."""
        from evencell.pack.history_store import ROWS, Store, folder_of, stamp
        from evencell.pack.history_walk import Walk

        history = self._history
        folder = folder_of(self._keeper.folder, history.pack.name, history.cells)
        store = self._store = Store(folder, history.cells)
        live = None
        if history.record[READINGS]:
            stamp(history.record, self._clock)
            live = array("H", history.record)
        start = history.record[START]
        summaries = [array("H", summary) for summary, _ in store.pending(live)]
        month = Walk(store.month, store.month_record, ROWS, summaries, start, self._clock)
        if is_month:
            return month, month
        return Walk(store.day, store.day_record, MINUTES, [live] if live else [], start, self._clock), month


def _health(walk, cells: int, since_s: int):
    from evencell.pack.health import Health

    health = Health(cells)
    for number in range(walk.count):
        record, start_s = walk.dated(number)
        if record and (start_s is None or start_s >= since_s):
            health.add(record, start_s)
        yield ""
    yield from health.pieces()
