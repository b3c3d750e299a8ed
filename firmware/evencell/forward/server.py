"""A small web server: an ESP32 has about ten sockets, and whoever connects gets only so much time and memory.

HTTP/1.0 (RFC 1945), one request a connection. Why it is our own: docs/architecture.md.
"""

import asyncio
import json

from evencell.compat import const, wait_for_ms
from evencell.net.tcp import SendBuffer, send

_MOST_CONNECTIONS = const(6)
_MOST_REFUSALS = const(2)  # at a time; any more connections are closed unanswered
_REQUEST_MS = const(5_000)
_RESPONSE_MS = const(10_000)
_REFUSAL_MS = const(1_000)
_HEAD_BYTES = const(2048)
_BODY_BYTES = const(2048)
_PIECE_BYTES = const(256)  # of a request that is read at a time

JSON_TYPE = "application/json; charset=UTF-8"


class RefusalError(ValueError):
    """What was sent is not answered; `arguments` are those of `error`."""

    def __init__(self, *arguments):
        self.arguments = arguments


class Request:
    """What was asked: `method`, `path`, `query` as it was sent, `body`."""

    def __init__(self, head: str):
        """Raises ValueError where this is no HTTP."""
        lines = head.split("\r\n")
        self.method, target, version = lines.pop(0).split(" ")
        path, _, self.query = target.partition("?")
        self.path = unescaped(path)
        self._headers = lines
        if not version.startswith("HTTP/1.") or not all(":" in line for line in lines):
            raise ValueError
        self.body = b""

    def header(self, name: str) -> str:
        """The value of a header whose name is given in lower case, "" where it was not sent."""
        for line in self._headers:
            key, _, value = line.partition(":")
            if key.lower() == name:
                return value.strip()
        return ""


class Response:
    """An answer: `body` is a list of bytes, or an iterator of pieces, bytes or text.

    With `send(writer, leave)`, a coroutine function, that writes it all, head included, once the request is discarded,
    which takes heap. If it returns True it keeps the connection, until somebody calls `await leave(writer)`.
    `headers` are whole lines, each with its end.
    """

    def __init__(self, body, content_type: str, status: int = 200, headers: str = "", send=None):
        self.body = body
        self.status = status
        self.send = send
        self._headers = "Content-Type: %s\r\n%s" % (content_type, headers)

    def head(self) -> bytes:
        """The first line and the headers."""
        headers = self._headers
        if isinstance(self.body, list):
            headers += "Content-Length: %d\r\n" % sum([len(piece) for piece in self.body])
        if "Cache-Control" not in headers:
            headers += "Cache-Control: no-store\r\n"
        # The reason behind the number may be empty (RFC 1945, 6.1.1), and nobody reads it.
        return ("HTTP/1.0 %d \r\nX-Content-Type-Options: nosniff\r\n%s\r\n" % (self.status, headers)).encode()

    def pieces(self, has_body: bool):
        """Generates the head, and the body if there is to be one."""
        yield self.head()
        if has_body:
            yield from self.body


def unescaped(text: str) -> str:
    """A path, or a value of a query, as it was meant; raises ValueError for an escape that is none."""
    pieces = text.split("%")
    data = pieces.pop(0).encode()
    for piece in pieces:
        data += bytes((int(piece[:2], 16),)) + piece[2:].encode()
    return str(data, "utf-8")


def error(status: int, text: str, field: str | None = None) -> Response:
    """The JSON that every error answers with."""
    return json_response({"error": text, "field": field} if field else {"error": text}, status)


def json_response(body: dict, status: int = 200) -> Response:
    """A small answer that nobody may keep."""
    return Response([json.dumps(body).encode()], JSON_TYPE, status)


class Server:
    """Serves `routes`, handlers by method and path, as in "GET /": `handler(request)` gives a Response.

    What a client does wrong costs it an answer; a bug, which `supervisor` logs, that one connection. `admit(request)`
    gives the refusal of a request, or None. `buffer` is for what is sent without an `await` in between.
    """

    def __init__(self, routes: dict, admit, log, supervisor, buffer=None, pace_ms: int = 0):
        self._routes = routes
        self._admit = admit
        self._log = log
        self._supervisor = supervisor
        self._buffer = buffer or SendBuffer()
        self._pace_ms = pace_ms
        self._connections = 0
        self._refusals = 0

    async def serve(self, host: str, port: int):
        """Listen for ever; raises OSError where the port can't be had."""
        server = await asyncio.start_server(self._guarded, host, port)
        self._log.info("page at http://%s:%d/" % (host, port))
        await server.wait_closed()

    async def _guarded(self, reader, writer):
        await self._supervisor.contain("a connection", self._connected(reader, writer))

    async def _connected(self, reader, writer):
        is_ours = True
        try:
            if self._connections >= _MOST_CONNECTIONS:
                await self._refuse(reader, writer)
            else:
                is_ours = await self._converse(reader, writer)
        except (asyncio.TimeoutError, OSError, EOFError):
            pass  # the client went away, or took longer than it may
        finally:
            if is_ours:
                await _close(writer)

    async def _converse(self, reader, writer) -> bool:
        """Answer one request; whether the connection is still the server's then."""
        self._connections += 1
        is_ours = True
        try:
            response, has_body = await self._respond(reader)
            if response.send:
                is_ours = not await response.send(writer, self._leave)
            else:
                await send_response(writer, response, self._buffer, self._pace_ms, has_body)
        finally:
            if is_ours:
                self._connections -= 1
        return is_ours

    async def _leave(self, writer):
        """A connection that was kept ends."""
        self._connections -= 1
        await _close(writer)

    async def _respond(self, reader):
        """The answer, and whether more than its head was asked for."""
        try:
            request = await wait_for_ms(_read(reader), _REQUEST_MS)
        except asyncio.TimeoutError:
            response = error(408, "the request took longer than 5 s")
        except RefusalError as refusal:
            response = error(*refusal.arguments)
        except ValueError:
            self._log.debug("http: a request that is none")
            response = error(400, "this is not an HTTP request")
        else:
            response = self._admit(request) or self._answer(request)
            return response, request.method != "HEAD"
        return response, True

    def _answer(self, request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        handler = self._routes.get("%s %s" % (method, request.path))
        if handler:
            response = self._supervisor.result_of("a request", handler, request)
            return response or error(500, "a fault of the firmware; its log says more")
        if any(route.endswith(" " + request.path) for route in self._routes):
            return error(405, "not with this method")
        return error(404, "there is nothing here")

    async def _refuse(self, reader, writer):
        """Hear the request out before saying no: an answer to an unread request may never arrive."""
        if self._refusals >= _MOST_REFUSALS:
            return
        self._refusals += 1
        try:
            await wait_for_ms(_read_head(reader), _REFUSAL_MS)
            refusal = error(503, "all %d connections are taken; try again in a moment" % _MOST_CONNECTIONS)
            await send_response(writer, refusal, self._buffer, 0, limit_ms=_REFUSAL_MS)
        finally:
            self._refusals -= 1


async def _read(reader) -> Request:
    """The whole request; raises ValueError, RefusalError among them, or EOFError where the client leaves before."""
    head, body = await _read_head(reader)
    request = Request(head)
    length = request.header("content-length") or "0"
    if not length.isdigit():
        raise ValueError
    count = int(length)
    if count > _BODY_BYTES:
        raise RefusalError(413, "body too long")
    while len(body) < count:
        body += await _read_more(reader, count - len(body))
    request.body = body[:count]
    return request


async def _read_head(reader) -> tuple[str, bytes]:
    """The head without the blank line that ends it, and what came behind that."""
    data = b""
    while b"\r\n\r\n" not in data:
        if len(data) >= _HEAD_BYTES:
            raise RefusalError(431, "request line and headers take more than %d bytes" % _HEAD_BYTES)
        data += await _read_more(reader, min(_HEAD_BYTES - len(data), _PIECE_BYTES))
    head, _, body = data.partition(b"\r\n\r\n")
    return str(head, "utf-8"), body  # no UTF-8: UnicodeError, which is a ValueError


async def _read_more(reader, most_bytes: int) -> bytes:
    more = await reader.read(most_bytes)
    if not more:
        raise EOFError
    return more


async def send_response(writer, response, buffer, pace_ms: int, has_body=True, limit_ms: int = _RESPONSE_MS):
    """Send an answer, or its head alone; raises OSError or asyncio.TimeoutError."""
    pieces = response.pieces(has_body)
    try:
        await send(writer, pieces, buffer, limit_ms, pace_ms)
    finally:
        pieces.close()  # files that it reads


async def _close(writer):
    try:
        writer.close()
        await writer.wait_closed()
    except OSError:
        pass  # it is closed, which is all that was wanted
