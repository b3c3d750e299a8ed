"""Microdot behind a gate: an ESP32 has about ten sockets, and whoever connects gets only so much time and memory."""

import asyncio
import json

from microdot import Microdot, Request, Response

from evencell.compat import const, wait_for_ms

_MOST_CONNECTIONS = const(6)
_MOST_REFUSALS = const(2)  # connections that are told so, at a time; any more are closed unanswered
_REQUEST_MS = const(5_000)
_RESPONSE_MS = const(10_000)
_REFUSAL_MS = const(1_000)
_HEAD_BYTES = const(2048)
_PIECE_BYTES = const(256)  # of a request that is read at a time
BODY_BYTES = const(2048)

_REASONS = {
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    413: "Payload Too Large",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class HeadTooLongError(ValueError):
    """Request line and headers do not fit."""


def error(status: int, text: str, field: str | None = None) -> Response:
    """The JSON that every error answers with."""
    return json_response({"error": text, "field": field} if field else {"error": text}, status)


def json_response(body: dict, status: int = 200) -> Response:
    """A small answer that nobody may keep."""
    headers = {"Content-Type": "application/json; charset=UTF-8", "Cache-Control": "no-store"}
    return Response(json.dumps(body), status, headers, _REASONS.get(status))


class StreamResponse(Response):
    """An answer without an end: `send(writer)` writes it, once the request is forgotten, which costs heap."""

    def __init__(self, send):
        super().__init__()
        self.send = send


class BoundedReader:
    """Reads the head of a request, up to its limit, and hands it out as microdot asks for it."""

    def __init__(self, reader):
        self._reader = reader
        self._data = b""

    async def load_head(self):
        """Read until the blank line; raises HeadTooLongError, or EOFError where the client leaves before."""
        while b"\r\n\r\n" not in self._data and b"\n\n" not in self._data:
            room = _HEAD_BYTES - len(self._data)
            if room <= 0:
                raise HeadTooLongError
            more = await self._reader.read(min(room, _PIECE_BYTES))
            if not more:
                raise EOFError
            self._data += more

    async def readline(self) -> bytes:
        """The next line of the head."""
        end = self._data.find(b"\n") + 1
        line, self._data = self._data[:end], self._data[end:]
        return line

    async def readexactly(self, count: int) -> bytes:
        """`count` bytes of the body; raises ValueError where that is no count, EOFError where they don't come."""
        if count < 0:
            raise ValueError("Content-Length")
        while len(self._data) < count:
            more = await self._reader.read(count - len(self._data))
            if not more:
                raise EOFError
            self._data += more
        return self._data[:count]


class Server:
    """Serves `app`. What a client does wrong costs it an answer; a bug (`contain` logs it), that one connection."""

    def __init__(self, app: Microdot, log, contain):
        self._app = app
        self._log = log
        self._contain = contain
        self._connections = 0
        self._refusals = 0
        Request.max_content_length = Request.max_body_length = BODY_BYTES
        for status, text in ((404, "there is nothing here"), (405, "not with this method"), (413, "body too long")):
            app.error_handlers[status] = _error_handler(status, text)
        app.error_handlers[500] = _error_handler(500, "a fault of the firmware; its log says more")

    async def serve(self, host: str, port: int):
        """Listen for ever; raises OSError where the port can't be had."""
        server = await asyncio.start_server(self._guarded, host, port)
        self._log.info("page at http://%s:%d/" % (host, port))
        await server.wait_closed()

    async def _guarded(self, reader, writer):
        await self._contain("a connection", self._connected(reader, writer))

    async def _connected(self, reader, writer):
        try:
            if self._connections >= _MOST_CONNECTIONS:
                await self._refuse(reader, writer)
            else:
                await self._converse(reader, writer)
        except (asyncio.TimeoutError, OSError, EOFError):
            pass  # the client went away, or took longer than it may
        finally:
            await _close(writer)

    async def _converse(self, reader, writer):
        self._connections += 1
        try:
            response = await self._respond(reader, writer)
            if isinstance(response, StreamResponse):
                await response.send(writer)
            else:
                await wait_for_ms(_write(response, writer), _RESPONSE_MS)
        finally:
            self._connections -= 1

    async def _respond(self, reader, writer) -> Response:
        try:
            request = await wait_for_ms(self._request(reader, writer), _REQUEST_MS)
        except asyncio.TimeoutError:
            return error(408, "the request took longer than 5 s")
        except HeadTooLongError:
            return error(431, "request line and headers take more than %d bytes" % _HEAD_BYTES)
        except (ValueError, IndexError):
            self._log.debug("http: a request that is none")
            return error(400, "this is not an HTTP request")
        return await self._app.dispatch_request(request)

    async def _request(self, reader, writer) -> Request:
        bounded = BoundedReader(reader)
        await bounded.load_head()
        address = writer.get_extra_info("peername")
        request = await Request.create(self._app, bounded, writer, address)  # pyright: ignore[reportArgumentType]
        if request is None:
            raise ValueError("no request line")
        return request

    async def _refuse(self, reader, writer):
        """Hear the request out before saying no: an answer to an unread request may never arrive."""
        if self._refusals >= _MOST_REFUSALS:
            return
        self._refusals += 1
        try:
            await wait_for_ms(BoundedReader(reader).load_head(), _REFUSAL_MS)
            refusal = error(503, "all %d connections are taken; try again in a moment" % _MOST_CONNECTIONS)
            await wait_for_ms(_write(refusal, writer), _REFUSAL_MS)
        finally:
            self._refusals -= 1


class _Writer:
    """A stream's writer with the one method that microdot calls, which CPython's lacks."""

    def __init__(self, writer):
        self._writer = writer

    async def awrite(self, data):
        self._writer.write(data)
        await self._writer.drain()


def _error_handler(status: int, text: str):
    def handle(_request):
        return error(status, text)

    return handle


async def _write(response: Response, writer):
    await response.write(_Writer(writer))  # pyright: ignore[reportArgumentType] (it has what microdot calls)


async def _close(writer):
    try:
        writer.close()
        await writer.wait_closed()
    except OSError:
        pass  # it is closed, which is all that was wanted
