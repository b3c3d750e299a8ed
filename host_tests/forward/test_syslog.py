"""Lines of the log on a real UDP socket. The firmware's own, on MicroPython: end_to_end/test_network.py."""

import errno
import itertools
import re
import socket
from types import SimpleNamespace

import pytest

from evencell.forward.syslog import Sender
from evencell.hub import Hub
from evencell.system.log import Log
from host_tests.portable import FakeClock

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
        network=None,
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

    def __init__(self, number: int):
        self._number = number

    def sendto(self, _data, _address):
        raise OSError(self._number, "scripted")

    def close(self):
        pass


def test_the_format_of_rfc_5424(server):
    context = context_of(server)
    context.clock.now_ms = 12_345
    for say in (context.log.info, context.log.warning, context.log.error):
        say("link online")
    Sender(context).look()
    assert received(server) == [
        b'<134>1 - evencell-3d49aa evencell - - [meta sequenceId="1" sysUpTime="1200"] link online',
        b'<132>1 - evencell-3d49aa evencell - - [meta sequenceId="2" sysUpTime="1200"] link online',
        b'<131>1 - evencell-3d49aa evencell - - [meta sequenceId="3" sysUpTime="1200"] link online',
    ]


def test_a_line_has_the_time_at_which_it_was_written(server):
    context = context_of(server)
    context.log.info("at the start")
    context.clock.now_ms = 60_000
    context.clock.now_s = 1_795_410_631
    context.log.info("a minute later")
    Sender(context).look()
    times = [line.split()[1] for line in received(server)]
    assert times == [b"2026-11-23T05:09:31Z", b"2026-11-23T05:10:31Z"]


def test_text_beyond_ascii_begins_with_a_byte_order_mark(server):
    context = context_of(server)
    context.log.info("23 °C")
    Sender(context).look()
    assert received(server)[0].endswith(b"] \xef\xbb\xbf23 \xc2\xb0C")


def test_each_line_once(server):
    context = context_of(server)
    sender = Sender(context)
    context.log.info("one")
    sender.look()
    sender.look()
    context.log.info("two")
    sender.look()
    assert [line.split()[-1] for line in received(server)] == [b"one", b"two"]


def test_a_full_network_takes_the_line_later(server):
    context = context_of(server)
    sender = Sender(context)
    sender.look()
    real = sender._socket
    sender._socket = FailingSocket(errno.EAGAIN)
    context.log.info("one")
    sender.look()
    sender._socket = real
    sender.look()
    assert [line.split()[-1] for line in received(server)] == [b"one"]
    assert context.log.lines() == ["0 info one"]


def test_a_failure_is_said_once_and_the_line_is_sent_later(server):
    context = context_of(server)
    sender = Sender(context)
    sender.look()
    sender._socket = FailingSocket(errno.ENETUNREACH)
    context.log.info("one")
    for _ in range(5):
        sender.look()
    assert len(context.log.lines()) == 2 and "scripted" in context.log.lines()[1]
    context.clock.now_ms += 10_000
    sender.look()
    texts = [line.split(b"] ", 1)[1] for line in received(server)]
    assert texts == [b"one", context.log.lines()[1].split(" ", 2)[2].encode()]


def test_a_failure_after_a_recovery_is_new(server):
    context = context_of(server)
    sender = Sender(context)
    for _ in range(3):
        context.clock.now_ms += 10_000
        sender.look()
        assert not sender._socket.getblocking()
        sender._socket = FailingSocket(errno.ENETUNREACH)
        context.log.info("one")
        sender.look()
    told = [line for line in context.log.lines() if "scripted" in line]
    assert len(told) == 3


def test_a_burst_is_spread_and_every_line_comes_once(server):
    context = context_of(server)
    sender = Sender(context)
    for number in range(50):
        context.log.info("%d °C" % number)
    for batch in (20, 20, 10, 0):
        sender.look()
        assert len(received(server)) == batch


def test_what_was_overwritten_is_counted(server):
    context = context_of(server)
    sender = Sender(context)
    for number in range(1000):
        context.log.info("line number %d" % number)
    lines = []
    while sender._read < context.log.written:
        sender.look()
        lines += received(server)
    kept = len(context.log.lines())
    written = sum(len("0 info line number %d\n" % number) for number in range(1000 - kept))
    assert lines[0].endswith(b"] syslog: %d bytes of the log were overwritten before they could be sent" % written)
    assert len(lines) == kept + 1
    assert len(context.log.lines()) == kept


def test_a_host_that_cannot_be_found_is_looked_for_at_growing_pauses(server, monkeypatch):
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
            sender.look()
            context.clock.now_ms += 1000
    gaps = [after - before for before, after in itertools.pairwise(asked)]
    assert gaps[:4] == [10, 20, 40, 80] and max(gaps) == 600
    assert len(context.log.lines()) == 2
    context.hub.joined += 1
    sender.look()
    assert len(received(server)) == 2


def test_without_a_network_nobody_is_asked(server, monkeypatch):
    context = context_of(server)
    context.network = SimpleNamespace(state="connecting")
    context.log.info("one")
    sender = Sender(context)
    with monkeypatch.context() as changed:
        changed.setattr(socket, "getaddrinfo", None)
        sender.look()
    context.network.state = "connected"
    sender.look()
    assert len(received(server)) == 1


def test_a_secret_does_not_leave(server):
    context = context_of(server)
    context.log.hide("hunter2")
    context.log.info("password hunter2")
    Sender(context).look()
    assert re.search(rb"password \*\*\*$", received(server)[0])
