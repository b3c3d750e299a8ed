"""Lines of the log on a real UDP socket. The firmware's own, on MicroPython: end_to_end/test_network.py."""

import errno
import itertools
import socket
from types import SimpleNamespace

import pytest

from evencell.forward.syslog import Sender
from evencell.hub import Hub
from evencell.runtime.log import Log
from host_tests.fakes import FakeClock

LOOPBACK = "127.0.0.1"


@pytest.fixture
def server():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind((LOOPBACK, 0))
        receiver.setblocking(False)
        yield receiver


def context_of(server, host: str = LOOPBACK):
    clock = FakeClock()
    return SimpleNamespace(
        clock=clock,
        log=Log(clock),
        hub=Hub([], clock),
        network=SimpleNamespace(state="connected"),
        heap=SimpleNamespace(shortage=lambda: ""),
        hostname="evencell-3d49aa",
        config={"log": {"syslog": host, "syslog_port": server.getsockname()[1]}},
    )


def received(server) -> list[bytes]:
    """All that has come; on loopback a datagram is there when `sendto` returns."""
    found = []
    while True:
        try:
            found.append(server.recv(2048))
        except BlockingIOError:
            return found


class FailingSocket:
    """A socket that the network takes nothing from."""

    def __init__(self, failure: int | Exception):
        self._failure = failure if isinstance(failure, Exception) else OSError(failure, "scripted")

    def sendto(self, _data, _address):
        raise self._failure

    def close(self):
        pass


def test_message_has_the_format_of_rfc_5424(server):
    context = context_of(server)
    context.clock.now_ms = 12_345
    for say in (context.log.info, context.log.warning, context.log.error):
        say("link online")
    Sender(context).poll()
    assert received(server) == [
        b'<134>1 - evencell-3d49aa evencell - - [meta sequenceId="1" sysUpTime="1200"] link online',
        b'<132>1 - evencell-3d49aa evencell - - [meta sequenceId="2" sysUpTime="1200"] link online',
        b'<131>1 - evencell-3d49aa evencell - - [meta sequenceId="3" sysUpTime="1200"] link online',
    ]


def test_message_has_the_time_at_which_the_line_was_logged(server):
    context = context_of(server)
    context.log.info("at the start")
    context.clock.now_ms = 60_000
    context.clock.now_s = 1_795_410_631
    context.log.info("a minute later")
    Sender(context).poll()
    times = [line.split()[1] for line in received(server)]
    assert times == [b"2026-11-23T05:09:31Z", b"2026-11-23T05:10:31Z"]


def test_text_beyond_ascii_begins_with_a_byte_order_mark(server):
    context = context_of(server)
    context.log.info("23 °C")
    Sender(context).poll()
    assert received(server)[0].endswith(b"] \xef\xbb\xbf23 \xc2\xb0C")


def test_each_line_is_sent_once(server):
    context = context_of(server)
    sender = Sender(context)
    context.log.info("one")
    sender.poll()
    sender.poll()
    context.log.info("two")
    sender.poll()
    assert [line.split()[-1] for line in received(server)] == [b"one", b"two"]


def test_line_is_sent_again_after_eagain(server):
    context = context_of(server)
    sender = Sender(context)
    sender.poll()
    real = sender._socket
    sender._socket = FailingSocket(errno.EAGAIN)
    context.log.info("one")
    sender.poll()
    sender._socket = real
    sender.poll()
    assert [line.split()[-1] for line in received(server)] == [b"one"]
    assert context.log.lines() == ["0 info one"]


def test_failure_is_logged_once_and_the_line_is_sent_later(server):
    context = context_of(server)
    sender = Sender(context)
    sender.poll()
    sender._socket = FailingSocket(errno.ENETUNREACH)
    context.log.info("one")
    for _ in range(5):
        sender.poll()
    assert len(context.log.lines()) == 2 and "no route to host" in context.log.lines()[1]
    context.clock.now_ms += 10_000
    sender.poll()
    texts = [line.split(b"] ", 1)[1] for line in received(server)]
    assert texts == [b"one", context.log.lines()[1].split(" ", 2)[2].encode()]


@pytest.mark.parametrize("failure", [errno.ENOMEM, errno.ENOBUFS, MemoryError()], ids=str)
def test_missing_memory_is_named_once_and_no_line_is_lost(server, failure):
    context = context_of(server)
    sender = Sender(context)
    context.log.info("zero")
    sender.poll()
    sender._socket = FailingSocket(failure)
    context.log.info("one")
    for _ in range(5):
        sender.poll()
    place = f"{LOOPBACK}:{server.getsockname()[1]}"
    assert context.log.lines()[2:] == [f"0 warning syslog: {place}: not enough memory; evencell keeps trying"]
    context.clock.now_ms += 10_000
    sender.poll()
    assert [line.split()[-1] for line in received(server)] == [b"zero", b"one", b"trying"]


def test_the_networks_heap_is_named_where_it_is_below_its_reserve(server, monkeypatch):
    """Whatever failed: a name that is not found, too."""
    context = context_of(server, "syslog.lan")
    context.heap.shortage = lambda: "not enough memory for the network (1200 bytes free, 900 in one piece)"
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: FailingSocket(2).sendto(b"", None))
    Sender(context).poll()
    (line,) = context.log.lines()
    assert "not enough memory for the network (1200 bytes free, 900 in one piece); evencell keeps trying" in line


def test_failure_after_a_recovery_is_logged_again(server):
    context = context_of(server)
    sender = Sender(context)
    for _ in range(3):
        context.clock.now_ms += 10_000
        sender.poll()
        assert not sender._socket.getblocking()
        sender._socket = FailingSocket(errno.ENETUNREACH)
        context.log.info("one")
        sender.poll()
    failures = [line for line in context.log.lines() if "no route to host" in line]
    assert len(failures) == 3


def test_burst_is_spread_over_seconds(server):
    context = context_of(server)
    sender = Sender(context)
    for number in range(50):
        context.log.info("%d °C" % number)
    for batch in (20, 20, 10, 0):
        sender.poll()
        assert len(received(server)) == batch


def test_overwritten_bytes_are_counted(server):
    context = context_of(server)
    sender = Sender(context)
    for number in range(1000):
        context.log.info("line number %d" % number)
    lines = []
    while sender._read < context.log.written:
        sender.poll()
        lines += received(server)
    kept = len(context.log.lines())
    written = sum(len("0 info line number %d\n" % number) for number in range(1000 - kept))
    assert lines[0].endswith(b"] syslog: %d bytes of the log were overwritten before they could be sent" % written)
    assert len(lines) == kept + 1
    assert len(context.log.lines()) == kept


def test_host_that_is_not_found_is_looked_up_with_backoff(server, monkeypatch):
    asked = []
    context = context_of(server)
    sender = Sender(context)
    context.log.info("one")

    def unknown(*_):
        asked.append(context.clock.now_ms // 1000)
        raise socket.gaierror(-2, "Name or service not known")

    with monkeypatch.context() as changed:
        changed.setattr(socket, "getaddrinfo", unknown)
        for _ in range(3600):
            sender.poll()
            context.clock.now_ms += 1000
    gaps = [after - before for before, after in itertools.pairwise(asked)]
    assert gaps[:4] == [10, 20, 40, 80] and max(gaps) == 600
    assert len(context.log.lines()) == 2
    context.network.state = "waiting"
    sender.poll()
    context.network.state = "connected"
    sender.poll()
    assert len(received(server)) == 2


def test_no_host_is_looked_up_without_a_network(server, monkeypatch):
    context = context_of(server)
    context.network = SimpleNamespace(state="connecting")
    context.log.info("one")
    sender = Sender(context)
    with monkeypatch.context() as changed:
        changed.setattr(socket, "getaddrinfo", None)
        sender.poll()
    context.network.state = "connected"
    sender.poll()
    assert len(received(server)) == 1
