"""The web server on a real socket: what it reads of a request, and what it answers at its limits."""

import asyncio
import contextlib
import errno
import socket
from types import SimpleNamespace

import pytest

from evencell.compat import ticks_ms
from evencell.forward.http import listen, server
from evencell.forward.http.server import Response, Server, json_response
from evencell.net.tcp import SendBuffer
from evencell.runtime.supervisor import Supervisor
from host_tests.broker import free_port
from host_tests.fakes import FakeLog

HOST = "127.0.0.1"
FLOODER = "127.0.0.2"
MOST_CONNECTIONS = 6
COOKIES = b"Cookie: " + b"; ".join(b"session%d=%s" % (number, 400 * b"a") for number in range(10)) + b"\r\n"


class Serving:
    """A server on the running loop; `bugs` are what its supervisor was shown."""

    def __init__(self):
        self.bugs = []
        self.port = free_port()
        log = self.log = SimpleNamespace(
            info=self._ignore, debug=self._ignore, exception=lambda *bug: self.bugs.append(bug)
        )
        site = SimpleNamespace(
            respond=self._respond,
            buffer=SendBuffer(),
            pace_ms=0,
        )
        http = {"host": HOST, "port": self.port}
        self.server = Server(site, SimpleNamespace(config={"http": http}, log=log, supervisor=Supervisor(log)))
        self._task = None
        self.turn = asyncio.Event()
        self.grace_ms = 60_000

    async def __aenter__(self):
        self._task = asyncio.create_task(self.server.run())
        while True:
            with contextlib.suppress(OSError):
                (await self.connect())[1].transport.abort()
                return self
            await asyncio.sleep(0)

    async def __aexit__(self, *_):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def connect(self, host=HOST):
        return await asyncio.open_connection(HOST, self.port, local_addr=(host, 0))

    async def answer(self, *pieces: bytes) -> bytes:
        """All that comes back for these bytes, sent one piece after the other."""
        reader, writer = await self.connect()
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            return await reader.read()
        finally:
            writer.transport.abort()

    async def held(self):
        """A connection that the server keeps, as it does an event stream's; returns its writer."""
        reader, writer = await self.connect()
        writer.write(b"GET /held HTTP/1.1\r\n\r\n")
        assert await reader.read(2) == b"ok"
        return writer

    async def waiting(self, host=HOST):
        """A connection whose request waits for its turn."""
        count = self._count(False)
        reader, writer = await self.connect(host)
        writer.write(b"GET /waiting HTTP/1.1\r\n\r\n")
        await self.until_there_are(count + 1, late=False)
        return reader, writer

    async def until_there_are(self, count: int, *, late: bool):
        while self._count(late) < count:
            await asyncio.sleep(0)

    def _count(self, is_late: bool) -> int:
        """How many connections may be closed for others, and are late or not."""
        late_ms = [connection[server.LATE_MS] for connection in self.server._connections if connection[server.TASK]]
        return sum((each_ms <= ticks_ms()) == is_late for each_ms in late_ms)

    def _respond(self, request):
        return {"/": self._asked, "/held": self._kept, "/waiting": self._in_turn}[request.path](request)

    def _in_turn(self, _request):
        async def send(connection, _leave):
            connection[server.LATE_MS] = ticks_ms() + self.grace_ms
            await self.turn.wait()
            connection[server.WRITER].write(b"ok")
            await connection[server.WRITER].drain()

        return Response((), "text/plain", send=send)

    def _asked(self, request):
        return json_response(
            {"accept": request.header("accept"), "cookie": request.header("cookie"), "body": request.body.decode()}
        )

    def _kept(self, _request):
        async def send(connection, _leave):
            connection[server.WRITER].write(b"ok")
            await connection[server.WRITER].drain()
            return True

        return Response((), "text/plain", send=send)

    @staticmethod
    def _ignore(*_):
        pass


def run(scenario):
    async def with_server():
        async with Serving() as serving:
            await scenario(serving)
            assert serving.bugs == []

    asyncio.run(with_server())


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ")[1])


@pytest.mark.parametrize("size", [1, 7, 256, 100_000])
def test_cookies_of_several_kilobytes_are_skipped_and_the_rest_is_read(size):
    async def scenario(serving):
        used = b"Accept: text/plain\r\ncontent-length: 4\r\n"
        request = b"POST / HTTP/1.1\r\n" + COOKIES + used + COOKIES + b"\r\nbody"
        pieces = [request[start : start + size] for start in range(0, len(request), size)]
        answer = await serving.answer(*pieces)
        assert status_of(answer) == 200
        assert answer.endswith(b'{"accept": "text/plain", "cookie": "", "body": "body"}')

    run(scenario)


def test_skipped_headers_may_hold_any_bytes():
    async def scenario(serving):
        answer = await serving.answer(b"GET / HTTP/1.1\r\nX-Name: \xff\x00\r\r\r\nAccept: a\r\n\r\n")
        assert answer.endswith(b'{"accept": "a", "cookie": "", "body": ""}')

    run(scenario)


def test_only_the_first_line_of_a_repeated_header_is_kept():
    async def scenario(serving):
        head = (
            b"POST / HTTP/1.1\r\nAccept: a\r\n" + 3400 * b"accept:\r\n" + b"Content-Length: 1\r\nContent-Length: 2\r\n"
        )
        answer = await serving.answer(head + b"\r\nxy")
        assert answer.endswith(b'{"accept": "a", "cookie": "", "body": "x"}')

    run(scenario)


def test_the_kept_lines_of_a_head_do_not_grow_with_it():
    async def scenario():
        reader = asyncio.StreamReader()
        reader.feed_data(b"GET / HTTP/1.1\r\n" + 3200 * b"accept:\r\n" + b"\r\n")
        return await server._read_head(reader)

    assert asyncio.run(scenario()) == (["GET / HTTP/1.1", "accept:"], b"")


def test_request_without_memory_gets_503_and_is_no_crash(monkeypatch):
    async def without_memory(_reader):
        raise MemoryError

    async def scenario(serving):
        assert status_of(await serving.answer(b"GET / HTTP/1.1\r\n\r\n")) == 503

    monkeypatch.setattr(server, "_read", without_memory)
    run(scenario)


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/1.1\r\n" + 4200 * b"X-A: 1\r\n" + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nX-Long: " + 33_000 * b"x", 431),
        (b"GET /" + 1024 * b"x" + b" HTTP/1.1\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nAccept: " + 1024 * b"x" + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nno header\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nAccept: \xff\r\n\r\n", 400),
    ],
)
def test_a_request_is_limited_in_size(request_bytes, status):
    async def scenario(serving):
        assert status_of(await serving.answer(request_bytes)) == status

    run(scenario)


@pytest.mark.parametrize("head", [b"\xff\xfe\r\n\r\n", b"GET / HTTP/1.1\r\nwhat\r\n\r\n", 2000 * b"a", b"\r\n\r\n"])
def test_a_bad_head_at_the_connection_limit_is_answered(head):
    async def scenario(serving):
        held = [await serving.held() for _ in range(MOST_CONNECTIONS)]
        assert status_of(await serving.answer(head)) == 503
        for writer in held:
            writer.transport.abort()

    run(scenario)


def test_who_sends_slowly_makes_room_for_who_sends_at_once():
    async def scenario(serving):
        held = [await serving.held() for _ in range(MOST_CONNECTIONS - 2)]
        slow = [await serving.connect() for _ in range(2)]
        for _, writer in slow:
            writer.write(b"GET /")
        await serving.until_there_are(2, late=True)
        assert status_of(await serving.answer(b"GET / HTTP/1.1\r\n\r\n")) == 200
        oldest, newest = slow
        assert await oldest[0].read() == b""
        newest[1].write(b" HTTP/1.1\r\n\r\n")
        assert status_of(await newest[0].read()) == 200
        for writer in held:
            writer.transport.abort()

    run(scenario)


def test_client_that_asks_all_the_time_makes_room_for_others():
    async def scenario(serving):
        flood = [await serving.waiting(FLOODER) for _ in range(MOST_CONNECTIONS)]
        assert status_of(await serving.answer(b"GET / HTTP/1.1\r\n\r\n")) == 200
        assert await flood.pop(0)[0].read() == b""
        flood.append(await serving.waiting(FLOODER))
        reader, writer = await serving.connect(FLOODER)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert status_of(await reader.read()) == 503
        serving.turn.set()
        assert [await reader.read() for reader, _ in flood] == [b"ok"] * MOST_CONNECTIONS

    run(scenario)


def test_waiting_connection_is_kept_where_the_new_client_has_as_many():
    async def scenario(serving):
        half = MOST_CONNECTIONS // 2
        flood = [await serving.waiting(FLOODER) for _ in range(half)]
        own = [await serving.waiting() for _ in range(half)]
        assert status_of(await serving.answer(b"GET / HTTP/1.1\r\n\r\n")) == 503
        serving.turn.set()
        assert [await reader.read() for reader, _ in flood + own] == [b"ok"] * MOST_CONNECTIONS

    run(scenario)


def test_late_connection_makes_room_where_the_new_client_has_as_many():
    async def scenario(serving):
        waiting = [await serving.waiting() for _ in range(2)]
        waiting += [await serving.waiting(host) for host in (FLOODER, FLOODER, "127.0.0.3")]
        serving.grace_ms = 0
        late_reader, late_writer = await serving.connect()
        late_writer.write(b"GET /waiting HTTP/1.1\r\n\r\n")
        await serving.until_there_are(1, late=True)
        reader, writer = await serving.connect(FLOODER)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert status_of(await reader.read()) == 200
        assert await late_reader.read() == b""
        serving.turn.set()
        assert [await reader.read() for reader, _ in waiting] == [b"ok"] * (MOST_CONNECTIONS - 1)

    run(scenario)


def test_forty_silent_connections_leave_room_for_others():
    async def scenario(serving):
        silent = [await serving.connect() for _ in range(40)]
        for _ in range(20):
            assert status_of(await serving.answer(b"GET / HTTP/1.1\r\n\r\n")) == 200
            silent.append(await serving.connect())
        assert len(serving.server._connections) <= MOST_CONNECTIONS
        for _, writer in silent:
            writer.transport.abort()

    run(scenario)


def test_used_headers_are_limited_in_sum():
    async def scenario(serving):
        headers = b"".join(b"%s: %s\r\n" % (name, 900 * b"x") for name in (b"Accept", b"Host", b"Cookie", b"Origin"))
        assert status_of(await serving.answer(b"GET / HTTP/1.1\r\n" + headers + b"\r\n")) == 431

    run(scenario)


def test_a_long_cookie_header_is_skipped_and_a_short_one_read():
    async def scenario(serving):
        for cookie, text in ((b"session=1", b'"session=1"'), (2000 * b"x", b'""')):
            answer = await serving.answer(b"GET / HTTP/1.1\r\nCookie: " + cookie + b"\r\nAccept: a\r\n\r\n")
            assert b'"cookie": ' + text in answer
            assert b'"accept": "a"' in answer

    run(scenario)


def test_transfer_encodings_are_refused():
    async def scenario(serving):
        head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        for body in (b"5\r\nhello\r\n0\r\n\r\n", b"zz\r\n", b"ffffffffffffffff\r\nx"):
            assert status_of(await serving.answer(head + body)) == 411

    run(scenario)


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.EADDRINUSE, "another program uses that port: end it, or choose another one (http.port, or --http)"),
        (errno.EACCES, "this port needs more rights: choose one above 1023 (http.port, or --http)"),
        (errno.EADDRNOTAVAIL, "is http.host an address of this device?"),
    ],
)
def test_port_that_cannot_be_had_is_one_sentence_and_is_tried_again(monkeypatch, number, remedy):
    """Also where the way it fails stays the same for long; the part itself does not fail."""
    failures, pauses, log = [OSError(number, "no")] * 7, [], FakeLog()

    async def start_server(*_):
        if failures:
            raise failures.pop()
        return "server"

    async def pause(milliseconds):
        pauses.append(milliseconds)

    monkeypatch.setattr(listen, "sleep_ms", pause)
    monkeypatch.setattr(listen.asyncio, "start_server", start_server)
    context = SimpleNamespace(config={"http": {"host": HOST, "port": 8080}}, log=log)
    assert asyncio.run(listen.listen(None, context)) == "server"
    assert pauses == [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000]
    (warning, info) = log.lines
    assert warning.startswith(f"page: can't listen at {HOST}:8080: ") and remedy in warning
    assert info == f"page at http://{HOST}:8080/"


async def page_after_the_other_program():
    serving = Serving()
    holder = socket.socket()
    holder.bind((HOST, serving.port))
    holder.listen()
    warned = asyncio.Event()
    serving.log.warning = lambda _text: warned.set()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(serving.server.run())
        await warned.wait()
        holder.close()
        while True:
            with contextlib.suppress(OSError):
                (await serving.connect())[1].transport.abort()
                break
            await asyncio.sleep(0.01)
        running.cancel()
    return serving.bugs


def test_page_comes_when_the_other_program_has_ended(monkeypatch):
    monkeypatch.setattr(listen, "Backoff", lambda: SimpleNamespace(fail=lambda: 1))
    assert asyncio.run(page_after_the_other_program()) == []
