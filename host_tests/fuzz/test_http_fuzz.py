"""Any bytes for a request: each connection is answered or closed, and none is a bug."""

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evencell.forward.http.server import Request, Server, json_response
from evencell.net.tcp import SendBuffer
from evencell.runtime.supervisor import Supervisor
from host_tests.broker import free_port
from host_tests.fakes import FakeLog
from host_tests.fuzz.profile import examples

PATIENCE_S = 20


def everything(request: Request):
    """All that a request can be asked for."""
    return json_response(
        {"query": request.query, "accept": request.header("accept"), "bytes": len(request.body or b"")}
    )


class Served:
    """A server on a loop that runs while a client asks; `bugs` are what reached `contain`."""

    def __init__(self):
        log = FakeLog()
        self.bugs = log.errors
        self._loop = asyncio.new_event_loop()
        self._port = free_port()
        site = SimpleNamespace(
            respond=everything,
            buffer=SendBuffer(),
            pace_ms=0,
        )
        http = {"host": "127.0.0.1", "port": self._port}
        server = Server(site, SimpleNamespace(config={"http": http}, log=log, supervisor=Supervisor(log)))
        self._serving = self._loop.create_task(server.run())
        self._loop.run_until_complete(asyncio.sleep(0.1))

    def answer(self, data: bytes) -> bytes:
        """All that comes back for `data`, until the server closes."""
        self.bugs.clear()
        return self._loop.run_until_complete(asyncio.wait_for(self._ask(data), PATIENCE_S))

    async def _ask(self, data: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(data)
            writer.write_eof()
            return await reader.read()
        except OSError:
            return b""  # closed on us, with bytes of ours unread
        finally:
            writer.transport.abort()

    def close(self):
        self._serving.cancel()
        self._loop.run_until_complete(asyncio.gather(self._serving, return_exceptions=True))
        self._loop.close()


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    served = Served()
    yield served
    served.close()


LINES = st.one_of(
    st.binary(max_size=80),
    st.sampled_from([b"GET / HTTP/1.1", b"POST /body HTTP/1.1", b"HEAD / HTTP/1.0", b"GET /named/%zz HTTP/1.1", b":"]),
    st.builds(lambda number: b"Content-Length: %d" % number, st.integers(-5, 5000)),
    st.builds(lambda text: b"GET /" + text + b" HTTP/1.1", st.binary(max_size=60)),
    st.builds(lambda text: b"GET /?" + text + b" HTTP/1.1", st.text("%&=+;a0Fg", max_size=20).map(str.encode)),
    st.builds(lambda text: b"Accept: " + text, st.text("=;, a\xe4", max_size=20).map(str.encode)),
    st.builds(lambda size: b"Cookie: " + b"a" * size, st.integers(0, 3000)),
)
REQUESTS = st.one_of(
    st.binary(max_size=300),
    st.builds(lambda lines, body: b"\r\n".join(lines) + b"\r\n\r\n" + body, st.lists(LINES, max_size=5), st.binary()),
    st.builds(lambda line, size: line + b"x" * size + b"\r\n\r\n", LINES, st.integers(900, 1100)),
)


def check(served: Served, data: bytes):
    answer = served.answer(data)
    assert served.bugs == []
    assert answer == b"" or answer.startswith(b"HTTP/1.0 ")
    assert b" 500 " not in answer.split(b"\r\n")[0]


@examples(250)
@given(data=REQUESTS)
def test_any_bytes_are_answered_or_closed(served, data):
    check(served, data)


def test_it_still_serves(served):
    assert b'"query": ""' in served.answer(b"GET / HTTP/1.1\r\n\r\n")
