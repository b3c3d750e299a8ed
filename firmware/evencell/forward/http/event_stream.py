"""Server-sent events: statuses, events, log lines. One task sends to all clients: a task each takes 4 KB of heap."""

import asyncio
import errno
import json

from evencell.compat import const, sleep_ms, ticks_diff, ticks_ms
from evencell.forward.event_json import event_of
from evencell.forward.http.server import SESSION, WRITER, Response, error, no_memory, send_response
from evencell.runtime.lazy import call

_WRITE_TIMEOUT_MS = const(5_000)  # a client that takes nothing for so long is disconnected
_PACE_MS = const(20)  # between two segments, where one had no room or the network has little memory
_LOG_PIECE_BYTES = const(1_024)  # of the log that are in memory as lines


class EventStreams:
    """Sends readings as `status`, events as `alarm`, log lines as `log`. `packs`: StatusCache (status.py)."""

    def __init__(self, context, packs, buffer):
        self._context = context
        self._packs = packs
        self._buffer = buffer
        self._heap = context.heap
        self._hub = context.hub
        self._log = context.log
        self._supervisor = context.supervisor
        # Where memory is scarce, streams end with the network; beside an access point they may be there without it.
        is_bound = not (context.heap.is_plentiful or context.config["wifi"]["fallback_ap"])
        self._network = context.network if is_bound else None
        self._clients = []
        self._consumer = None  # while there are clients

    def handle(self, request) -> Response:
        """The response to a request: a stream that lasts until the client disconnects."""
        if not self._heap.allows("stream"):
            return no_memory()
        return Response((), "text/event-stream", send=None if request.method == "HEAD" else self.send)

    async def send(self, connection, leave) -> bool:
        """Add a client; its connection stays open until it disconnects, or its session (sessions.py) ends.

        Where there is no room for it, one of a client with more streams ends.
        """
        writer = connection[WRITER]
        if len(self._clients) >= self._heap.max_streams:
            dropped = call("evencell.forward.http.crowd", "stream_to_drop", self._clients, writer)
            if not dropped:
                refusal = error(503, "all %d event streams are in use" % self._heap.max_streams)
                await send_response(writer, refusal, self._buffer, 0)
                return False
            await self._drop(dropped)
        session = connection[SESSION] or self._context.sessionless
        self._clients.append(Client(writer, leave, self._pieces(), session))
        if self._consumer:
            self._consumer.wake()
        else:
            self._consumer = self._hub.subscribe()
            sending = self._send_all(self._consumer)
            asyncio.create_task(self._supervisor.contain("the event streams", sending))  # noqa: RUF006
        return True

    async def _send_all(self, consumer):
        """Send until no client is left."""
        try:
            while self._clients:
                if self._heap.is_short:
                    await self._drop(self._clients[-1])
                if self._heap.reserved:
                    break
                if self._network and self._network.state != "connected":
                    break  # what waits to be sent takes the memory that joining needs
                is_behind = False
                for client in list(self._clients):
                    try:
                        if client.session[0] <= self._hub.clock.uptime_ms():
                            raise OSError
                        is_behind = client.push(self._buffer) or is_behind
                    except OSError:
                        await self._drop(client)
                    if not self._heap.is_plentiful:
                        await sleep_ms(_PACE_MS)
                if not is_behind:
                    await consumer.changed()
                elif self._heap.is_plentiful:
                    await sleep_ms(_PACE_MS)
        finally:
            self._consumer = None
            consumer.close()
            while self._clients:
                await self._drop(self._clients[0])

    async def _drop(self, client):
        self._clients.remove(client)
        await client.leave(client.writer)

    def _pieces(self):
        """Generate what one client is sent, in pieces of an event; None when there is nothing new."""
        yield Response((), "text/event-stream").head()
        yield b"retry: 3000\n\n"
        changes, line, event = -1, 0, self._hub.posted
        while True:
            while line < self._log.written:
                lines, line = self._log.read(line, _LOG_PIECE_BYTES)
                while lines:  # a whole list would stay in memory, for each client
                    yield _log_event(lines.pop(0))
            while event < self._hub.posted:
                found = self._hub.event(event)  # None if it is overwritten
                if found:
                    yield _event("alarm", event_of(found))
                event += 1
            if changes != self._hub.changes:
                changes = self._hub.changes
                for pieces in self._packs.pieces():
                    yield b"event: status\ndata: "
                    yield from pieces
                    yield b"\n\n"
                pieces = None  # else each client would keep them until the next change
            yield None


class Client:
    """A connection, the rest of a piece that did not fit into the last segment, and the rest of that segment."""

    __slots__ = ("_pieces", "_progress_ms", "_rest", "_unsent", "leave", "session", "writer")

    def __init__(self, writer, leave, pieces, session):
        self.writer = writer
        self.leave = leave
        self.session = session
        self._pieces = pieces
        self._rest = self._unsent = None
        self._progress_ms = ticks_ms()

    def push(self, buffer) -> bool:
        """Send a segment; returns whether there is more. Raises OSError if the client is gone."""
        data = self._unsent
        if data is None:
            buffer.clear()
            self._rest = buffer.fill(self._pieces, self._rest)
            data = buffer.content()
            if not len(data):
                self._progress_ms = ticks_ms()
                return False
        count = self.writer.s.write(data) or 0  # `writer.write` would buffer without limit
        if count:
            self._progress_ms = ticks_ms()
        elif ticks_diff(ticks_ms(), self._progress_ms) >= _WRITE_TIMEOUT_MS:
            raise OSError(errno.ETIMEDOUT)
        self._unsent = bytes(data[count:]) if count < len(data) else None  # the buffer is shared
        return self._unsent is not None or self._rest is not None


def _log_event(line: str) -> bytes:
    seconds, level, text = line.split(" ", 2)
    return _event("log", {"uptime_s": int(seconds), "level": level, "text": text})


def _event(name: str, data: dict) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), json.dumps(data).encode())
