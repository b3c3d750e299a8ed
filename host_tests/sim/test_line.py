"""The pty: true pace, silence, symbolic link. Times are checked as lower bounds: nothing may ever come early."""

import os
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import closing

import pytest

from evencell.protocol.jk_balancer import ANSWER_BYTES, REQUEST_BYTES, read_request, request
from host_tests.sim.helpers import LATENCY_S, serving
from tools.sim.line import BYTE_S, Line
from tools.sim.link import place, remove

ANSWER = bytes(range(ANSWER_BYTES))


class Echo:
    """Answers every request of address 1 with an answer that begins with it, and notes the requests."""

    def __init__(self):
        self.requests = []

    def catch_up(self):
        pass

    def answer(self, asked):
        self.requests.append(asked)
        return asked + ANSWER[REQUEST_BYTES:] if asked[2] == 1 else None


@pytest.fixture
def master():
    with serving(Echo()) as master:
        yield master


def answered(asked):
    return asked + ANSWER[REQUEST_BYTES:]


def test_request_is_answered(master):
    master.write(read_request(1))
    assert master.read(ANSWER_BYTES) == answered(read_request(1))


def test_line_is_raw_and_at_9600_baud(master):
    attributes = termios.tcgetattr(master.fd)
    assert attributes[tty.OSPEED] == termios.B9600
    assert not attributes[tty.LFLAG] & (termios.ECHO | termios.ICANON)


@pytest.mark.parametrize("latency_s", [0, 0.05])
def test_no_byte_comes_early(latency_s):
    with serving(Echo(), latency_s) as master:
        seen = []
        start_s = time.monotonic()
        master.write(read_request(1))
        master.read(ANSWER_BYTES, seen)
    for at_s, count in seen:
        assert at_s - start_s >= (REQUEST_BYTES + count) * BYTE_S + latency_s - 1e-4


def test_answer_comes_in_pieces_and_does_not_drift(master):
    polls = 5
    start_s = time.monotonic()
    pieces = []
    for _ in range(polls):
        master.write(read_request(1))
        seen = []
        master.read(ANSWER_BYTES, seen)
        pieces.append(len(seen))
    true_s = polls * ((REQUEST_BYTES + ANSWER_BYTES) * BYTE_S + LATENCY_S)
    assert time.monotonic() - start_s >= true_s - 1e-3
    assert max(pieces) > 1


def test_collecting_adapter_delivers_longer_pieces():
    seen = []
    with serving(Echo(), packet_s=0.1) as master:
        master.write(read_request(1))
        assert master.read(ANSWER_BYTES, seen) == answered(read_request(1))
    assert [count for _, count in seen] == [ANSWER_BYTES]


def test_request_in_pieces_is_answered_after_its_last_byte(master):
    asked = read_request(1)
    for at in range(REQUEST_BYTES):
        start_s = time.monotonic()
        master.write(asked[at : at + 1])
    assert master.read(ANSWER_BYTES) == answered(asked)
    assert time.monotonic() - start_s >= (1 + ANSWER_BYTES) * BYTE_S + LATENCY_S - 1e-4


def test_two_requests_in_a_row_are_answered_in_turn(master):
    start_s = time.monotonic()
    master.write(read_request(1) + request(1, 0xF2, 7))
    assert master.read(ANSWER_BYTES) == answered(read_request(1))
    assert master.read(ANSWER_BYTES) == answered(request(1, 0xF2, 7))
    assert time.monotonic() - start_s >= (REQUEST_BYTES + 2 * ANSWER_BYTES) * BYTE_S + LATENCY_S - 1e-4


BAD_CHECKSUM = bytes(read_request(1)[:-1]) + b"\x00"


@pytest.mark.parametrize(
    "noise",
    [BAD_CHECKSUM, bytes(read_request(2)), bytes(read_request(1)[:4]), b"\x55" * 50, b"\x4e\x57\x00\x13", ANSWER],
    ids=["bad checksum", "other address", "half a request", "one byte again and again", "JK BMS", "an answer"],
)
def test_noise_is_not_answered_and_costs_no_good_request(master, noise):
    master.write(noise + read_request(1))
    assert master.read(ANSWER_BYTES) == answered(read_request(1))
    assert master.nothing_is_left()


def test_flood_of_requests_gives_a_bounded_queue():
    echo = Echo()
    with closing(Line(echo, 0)) as line:
        line._receive(read_request(1) * 1000, time.monotonic())
        assert len(line._pending) < 10
    assert len(echo.requests) == 1000


def test_unread_answers_are_lost():
    line = Line(Echo(), 0)
    with closing(line):
        for _ in range(2000):
            line._receive(bytes(read_request(1)), time.monotonic())
            line._send(time.monotonic() + 3600)
        assert line._wait_s() > 0


@pytest.fixture
def terminal() -> Iterator[str]:
    """Path of a pty that is no simulator's."""
    fds = os.openpty()
    yield os.ttyname(fds[1])
    for fd in fds:
        os.close(fd)


def test_link_comes_and_goes(tmp_path):
    link = tmp_path / "balancer"
    place(str(link), "/dev/pts/900001")
    assert os.readlink(link) == "/dev/pts/900001"
    remove(str(link), "/dev/pts/900001")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("is_terminal", [True, False])
def test_stale_link_is_replaced(tmp_path, terminal, is_terminal):
    link = tmp_path / "balancer"
    link.symlink_to(terminal if is_terminal else "/nowhere/at/all")
    place(str(link), "/dev/pts/900001")
    assert os.readlink(link) == "/dev/pts/900001"
    assert list(tmp_path.iterdir()) == [link]


def test_other_files_are_not_replaced_by_the_link(tmp_path):
    real = tmp_path / "real"
    real.write_text("precious")
    foreign = tmp_path / "foreign"
    foreign.symlink_to(real)
    for path in (real, foreign, tmp_path):
        with pytest.raises(FileExistsError, match="exists and is no simulator's link"):
            place(str(path), "/dev/pts/900001")
    assert real.read_text() == foreign.read_text() == "precious"


def test_link_of_another_simulator_is_not_deleted(tmp_path):
    link = tmp_path / "balancer"
    place(str(link), "/dev/pts/900001")
    place(str(link), "/dev/pts/900002")
    remove(str(link), "/dev/pts/900001")
    assert os.readlink(link) == "/dev/pts/900002"
