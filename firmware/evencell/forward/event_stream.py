"""Server-sent events: what the page lives on. One task sends to all browsers: one for each would cost 4 KB of heap."""

import asyncio
import errno
import json

from evencell.compat import const, sleep_ms, ticks_diff, ticks_ms
from evencell.forward.event_json import event_of
from evencell.forward.server import Response, error

NO_MEMORY = "the network has too little memory for this just now; try again in a minute"
_STUCK_MS = const(5_000)  # a browser that takes nothing for so long is gone
_TURN_MS = const(20)  # between two segments, where one had no room or the network has little memory
_LOG_PIECE_BYTES = const(1024)  # of the log that are in memory as lines


class EventStreams:
    """Sends every reading as `status`, every event as `alarm`, every line of the log as `log`."""

    def __init__(self, context, rendered, buffer):
        self._rendered = rendered
        self._buffer = buffer
        self._heap = context.heap
        self._hub = context.hub
        self._log = context.log
        self._supervisor = context.supervisor
        self._watchers = []
        self._consumer = None  # while anybody watches

    def handle(self, request) -> Response:
        """The answer to one request: a stream, for as long as the browser listens."""
        if not self._heap.allows("stream"):
            return error(503, NO_MEMORY)
        if len(self._watchers) >= self._heap.max_streams:
            return error(503, "all %d event streams are taken" % self._heap.max_streams)
        return Response((), "text/event-stream", send=None if request.method == "HEAD" else self.send)

    async def send(self, writer, leave) -> bool:
        """Send to this browser from now on; its connection is kept until it is gone."""
        self._watchers.append(Watcher(writer, leave, self._pieces()))
        if self._consumer:
            self._consumer.wake()
        else:
            self._consumer = self._hub.subscribe()
            sending = self._send_all(self._consumer)
            asyncio.create_task(self._supervisor.contain("the event streams", sending))  # noqa: RUF006
        return True

    async def _send_all(self, consumer):
        """Send until nobody is left."""
        try:
            while self._watchers:
                if self._heap.is_short:
                    await self._drop(self._watchers[-1])
                is_behind = False
                for watcher in list(self._watchers):
                    try:
                        is_behind = watcher.push(self._buffer) or is_behind
                    except OSError:
                        await self._drop(watcher)
                    if not self._heap.is_plentiful:
                        await sleep_ms(_TURN_MS)
                if not is_behind:
                    await consumer.changed()
                elif self._heap.is_plentiful:
                    await sleep_ms(_TURN_MS)
        finally:
            self._consumer = None
            consumer.close()
            while self._watchers:
                await self._drop(self._watchers[0])

    async def _drop(self, watcher):
        self._watchers.remove(watcher)
        await watcher.leave(watcher.writer)

    def _pieces(self):
        """What one browser is sent, a piece of an event after the other; None whenever it has everything."""
        yield Response((), "text/event-stream").head()
        yield b"retry: 3000\n\n"
        changes, line, event = -1, 0, self._hub.posted
        while True:
            while line < self._log.written:
                lines, line = self._log.read(line, _LOG_PIECE_BYTES)
                for text in lines:
                    yield _log_event(text)
            while event < self._hub.posted:
                found = self._hub.event(event)  # None where it is overwritten
                if found:
                    yield _event("alarm", event_of(found))
                event += 1
            if changes != self._hub.changes:
                changes = self._hub.changes
                for pieces in self._rendered.pieces():
                    yield b"event: status\ndata: "
                    yield from pieces
                    yield b"\n\n"
            yield None


class Watcher:
    """A browser's connection, what of a piece had no room in the last segment, and what of that in the network."""

    __slots__ = ("_moved", "_pieces", "_rest", "_unsent", "leave", "writer")

    def __init__(self, writer, leave, pieces):
        self.writer = writer
        self.leave = leave
        self._pieces = pieces
        self._rest = self._unsent = None
        self._moved = ticks_ms()

    def push(self, buffer) -> bool:
        """Send a segment; whether there is more. Raises OSError where the browser is gone."""
        data = self._unsent
        if data is None:
            buffer.clear()
            self._rest = buffer.fill(self._pieces, self._rest)
            data = buffer.content()
            if not len(data):
                self._moved = ticks_ms()
                return False
        count = self.writer.s.write(data) or 0  # the writer itself would keep what there is no room for
        if count:
            self._moved = ticks_ms()
        elif ticks_diff(ticks_ms(), self._moved) >= _STUCK_MS:
            raise OSError(errno.ETIMEDOUT)
        self._unsent = bytes(data[count:]) if count < len(data) else None  # the buffer is for others, too
        return self._unsent is not None or self._rest is not None


def _log_event(line: str) -> bytes:
    seconds, level, text = line.split(" ", 2)
    return _event("log", {"uptime_s": int(seconds), "level": level, "text": text})


def _event(name: str, data: dict) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), json.dumps(data).encode())
