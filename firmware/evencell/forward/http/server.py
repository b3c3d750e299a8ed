"""HTTP/1.0 server (RFC 1945) with limits on connections, time and memory: an ESP32 has about ten sockets.

One request per connection. Why it is our own: docs/decisions/0003-own-web-server.md.
"""

import asyncio
import json

from evencell.compat import const, ticks_add, ticks_diff, ticks_ms, wait_for_ms
from evencell.net.tcp import send
from evencell.runtime.lazy import lazy

_MAX_CONNECTIONS = const(6)
_MAX_REFUSALS = const(2)  # at a time; further connections are closed without a response
_REQUEST_TIMEOUT_MS = const(5_000)
_RESPONSE_TIMEOUT_MS = const(10_000)
_REFUSAL_TIMEOUT_MS = const(1_000)
_REFUSED_BYTES = const(512)  # read of a request that is refused for want of a connection
_DISCARD_TIMEOUT_MS = const(1_000)
_MAX_HEAD_BYTES = const(32_768)  # request line and headers; headers that are not used are skipped
_MAX_LINE_BYTES = const(1_024)  # the request line, or a used header
_MAX_KEPT_BYTES = const(2_048)  # the request line and all used headers
_MAX_BODY_BYTES = const(2_048)  # unless a lazy handler reads it by itself
_MAX_DISCARDED_BYTES = const(8_192)  # of a body that is not wanted
_READ_BYTES = const(256)
_TOO_LONG = "the request line or the headers are too long"
_USED_HEADERS = b" accept authorization content-length content-type cookie host origin transfer-encoding "

_HEAD = (
    "HTTP/1.0 %d \r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n%s\r\n"
)

GRACE_MS = const(3_000)  # for a response: afterwards its connection is late
# A connection: its stream, the task to cancel where another client needs it, when it is late, its session.
WRITER = const(0)
TASK = const(1)
LATE_MS = const(2)
SESSION = const(3)

JSON_TYPE = "application/json; charset=UTF-8"
NO_MEMORY = "not enough memory for this request just now; try again in a minute"


class RefusalError(ValueError):
    """A request beyond a limit; `args` are those of `error`."""


class Request:
    """`method`, `path` and `query` (both as they were sent), `length` and `body` (bytes).

    `body` is None if it takes more than 2 KiB: lazy handlers then read it by body.py. They know the `peer`, too, and
    where a login was needed the `session` (sessions.py).
    """

    def __init__(self, lines: list, reader=None, body: bytes = b""):
        """`lines`: the request line, then the used headers; `body`: what has arrived of it.

        Raises ValueError if this is not HTTP.
        """
        self.method, target, version = lines.pop(0).split(" ")
        self.path, _, self.query = target.partition("?")
        self._headers = lines
        if not version.startswith("HTTP/1.") or min(target) < "!":  # a null byte would cut a file's name off
            raise ValueError
        length = self.header("content-length") or "0"
        if not length.isdigit():
            raise ValueError
        if self.header("transfer-encoding"):
            raise RefusalError(411, "the header Content-Length is needed; transfer encodings are not supported")
        self.length = int(length)
        self.reader = reader
        self.received = body
        self.body: bytes | None = None
        self.peer = self.session = None
        self.cors = ""  # headers of the response that let a page of another origin read it

    def header(self, name: str) -> str:
        """The value of a header in _USED_HEADERS, by its name in lower case; "" if it was not sent."""
        for line in self._headers:
            key, _, value = line.partition(":")
            if key.lower() == name:
                return value.strip()
        return ""

    async def discard(self):
        """Read a body that nothing needs: closing a socket with unread input may discard the response."""
        if self.body is None and self.length <= _MAX_DISCARDED_BYTES:
            rest = _skip(self.reader, self.length - len(self.received))
            try:
                await wait_for_ms(rest, _DISCARD_TIMEOUT_MS)
            except (asyncio.TimeoutError, OSError, EOFError):
                pass  # it gets the response all the same


class Response:
    """A response. `body`: a list of bytes, or an iterator of pieces (bytes or text).

    `headers` are whole lines, each with its end. `send(connection, leave)`: a coroutine function that sends everything
    by itself, head included. If it returns True, the connection stays open until `await leave(writer)`.
    """

    def __init__(self, body, content_type: str, status: int = 200, headers: str = "", send=None):
        self.body = body
        self.status = status
        self.send = send
        self.headers = "Content-Type: %s\r\n%s" % (content_type, headers)

    def head(self) -> bytes:
        """Status line and headers."""
        headers = self.headers
        if isinstance(self.body, list):
            headers += "Content-Length: %d\r\n" % sum([len(piece) for piece in self.body])
        if "Cache-Control" not in headers:
            headers += "Cache-Control: no-store\r\n"
        # The reason phrase may be empty (RFC 1945, 6.1.1).
        return (_HEAD % (self.status, headers)).encode()

    def pieces(self, has_body: bool):
        """Generate the head, then the body if it is wanted."""
        yield self.head()
        if has_body:
            yield from self.body


def error(status: int, text: str, field: str | None = None) -> Response:
    """The response to an error, as JSON; `field`: the configuration key or query parameter at fault."""
    return json_response({"error": text, "field": field} if field else {"error": text}, status)


def json_response(body: dict, status: int = 200, headers: str = "") -> Response:
    """A small JSON response."""
    return Response([json.dumps(body).encode()], JSON_TYPE, status, headers)


def no_memory() -> Response:
    """The response to a request for which there is no memory now."""
    return json_response({"error": NO_MEMORY}, 503, "Retry-After: 60\r\n")


def internal_error() -> Response:
    """The response where a handler raised an exception, which is in the log."""
    return error(500, "internal error; the log says more")


class Server:
    """Serves what `site` (routes.py) responds. A bug in a handler, which `supervisor` logs, ends one connection."""

    def __init__(self, site, context):
        self._site = site
        self._context = context
        self._supervisor = context.supervisor
        self._connections = []  # the oldest first
        self._refusals = 0

    async def run(self):
        """Accept connections."""
        scope = lazy()
        try:
            server = await scope.load("evencell.forward.http.listen").listen(self._accept, self._context)
        finally:
            scope.unload()
        await server.wait_closed()

    def _accept(self, reader, writer):
        return self._supervisor.contain("a connection", self._handle(reader, writer))

    async def _handle(self, reader, writer):
        """Read a request and send its response."""
        connection = [writer, asyncio.current_task(), ticks_ms(), None]
        is_ours = True
        try:
            if len(self._connections) >= _MAX_CONNECTIONS and not self._evict(writer):
                await self._refuse(reader, writer)
                return
            self._connections.append(connection)
            response, has_body = await self._respond(reader)
            connection[LATE_MS] = ticks_add(ticks_ms(), GRACE_MS)
            if response.send:
                is_ours = not await response.send(connection, self._leave)
            else:
                await send_response(writer, response, self._site.buffer, self._site.pace_ms, has_body)
        except (asyncio.TimeoutError, OSError, EOFError):
            pass  # the client disconnected, or exceeded a time limit
        finally:
            connection[TASK] = None  # an event stream's is at its end
            if is_ours:
                await self._leave(writer)

    def _evict(self, writer) -> bool:
        """Close another connection for that of `writer`; returns whether there is one that may be closed.

        It is one of the client that has most, if that is more than the new client has, or as many and it is late. So
        neither clients that send or read slowly, however many, nor one that asks all the time keep others out.
        """
        hosts = [host_of(connection[WRITER]) for connection in self._connections] + [host_of(writer)]
        found, most = None, 2 * hosts.count(hosts[-1])
        for connection, host in zip(self._connections, hosts):
            rank = 2 * hosts.count(host) + (ticks_diff(ticks_ms(), connection[LATE_MS]) >= 0)
            if connection[TASK] and rank > most:
                found, most = connection, rank
        if found:
            found[TASK].cancel()
            found[TASK] = None
        return found is not None

    async def _leave(self, writer):
        """Close a connection, also one that a response kept open."""
        self._connections = [connection for connection in self._connections if connection[WRITER] is not writer]
        try:
            writer.close()
            await writer.wait_closed()
        except OSError:
            pass  # it is closed

    async def _respond(self, reader):
        """The response, and whether its body is wanted."""
        try:
            request = await wait_for_ms(_read(reader), _REQUEST_TIMEOUT_MS)
        except asyncio.TimeoutError:
            response = error(408, "the request took longer than 5 s to arrive")
        except RefusalError as refusal:
            response = error(*refusal.args)
        except ValueError:
            response = error(400, "malformed HTTP request")
        except MemoryError:
            response = no_memory()
        else:
            response = self._supervisor.result_of("a request", self._site.respond, request) or internal_error()
            return response, request.method != "HEAD"
        return response, True

    async def _refuse(self, reader, writer):
        """Respond 503, after reading a usual request: closing a socket with unread input may discard the response."""
        if self._refusals >= _MAX_REFUSALS:
            return
        self._refusals += 1
        try:
            await wait_for_ms(reader.read(_REFUSED_BYTES), _REFUSAL_TIMEOUT_MS)
            refusal = error(503, "all %d connections are in use; try again in a moment" % _MAX_CONNECTIONS)
            await send_response(writer, refusal, self._site.buffer, 0, timeout_ms=_REFUSAL_TIMEOUT_MS)
        finally:
            self._refusals -= 1


def host_of(writer):
    """What tells a client's host from others; MicroPython's unix port has a sockaddr: family, port, address."""
    peer = writer.get_extra_info("peername")
    return peer[0] if isinstance(peer, tuple) else bytes(peer)[4:]


async def _read(reader) -> Request:
    """Read a request, without its body where that is long.

    Raises ValueError (RefusalError where it exceeds a limit), or EOFError at a disconnect.
    """
    lines, body = await _read_head(reader)
    request = Request(lines, reader, body)
    if request.length <= _MAX_BODY_BYTES:
        request.body = await read_body(reader, body, request.length)
    return request


async def read_body(reader, body: bytes, length: int) -> bytes:
    """The whole body, of which `body` has arrived; raises EOFError at a disconnect."""
    while len(body) < length:
        body += await _read_more(reader, min(_READ_BYTES, length - len(body)))
    return body[:length]


async def _read_head(reader) -> tuple[list, bytes]:
    """Read request line and used headers; returns them, and what came after the blank line.

    Other headers are discarded as they arrive, however long, and so are repetitions of a used one. So is a longer
    cookie header: it has those of other services on the same host. Raises as `_read` does.
    """
    lines, data, size, kept_size, is_skipped, kept = [], b"", 0, 0, False, []
    while True:
        line, end, rest = data.partition(b"\r\n")
        is_skipped = is_skipped or bool(lines and b":" in line and not _is_used(line))
        if len(line) > _MAX_LINE_BYTES and not is_skipped:
            is_skipped = bool(lines) and _name_of(line) == b"cookie"
        if kept_size > _MAX_KEPT_BYTES or (len(line) > _MAX_LINE_BYTES and not is_skipped):
            raise RefusalError(431, _TOO_LONG)
        if not end:
            if size >= _MAX_HEAD_BYTES:
                raise RefusalError(431, _TOO_LONG)
            more = await _read_more(reader, min(_MAX_HEAD_BYTES - size, _READ_BYTES))
            size += len(more)
            data = (data[-1:] if is_skipped else data) + more  # the line may end between \r and \n
            continue
        data = rest
        if is_skipped:
            is_skipped = False
        elif lines and not line:
            return lines, data
        elif not lines or (_is_used(line) and _name_of(line) not in kept):
            if lines:
                kept.append(_name_of(line))
            lines.append(str(line, "utf-8"))  # no UTF-8: UnicodeError, which is a ValueError
            kept_size += len(line)


def _is_used(line: bytes) -> bool:
    """Whether a header is one of _USED_HEADERS; raises ValueError for a line that is not a header."""
    if b":" not in line:
        raise ValueError
    return b" %s " % _name_of(line) in _USED_HEADERS


def _name_of(line: bytes) -> bytes:
    return line.partition(b":")[0].lower()


async def _skip(reader, count: int):
    while count > 0:
        count -= len(await _read_more(reader, min(count, _READ_BYTES)))


async def _read_more(reader, max_bytes: int) -> bytes:
    more = await reader.read(max_bytes)
    if not more:
        raise EOFError
    return more


async def send_response(writer, response, buffer, pace_ms: int, has_body=True, timeout_ms: int = _RESPONSE_TIMEOUT_MS):
    """Send a response, or its head alone; raises OSError or asyncio.TimeoutError."""
    pieces = response.pieces(has_body)
    try:
        await send(writer, pieces, buffer, timeout_ms, pace_ms)
    finally:
        pieces.close()  # files that it reads
