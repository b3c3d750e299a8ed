"""The RS485 line: a pty on which every byte takes the time it takes at 9600 baud."""

import os
import pty
import select
import termios
import time
import tty
from bisect import insort
from typing import Protocol

from evencell.protocol.framing import Framer
from evencell.protocol.jk_balancer import REQUEST_BYTES, REQUEST_HEADER, read_request
from tools.sim.fault_commands import FaultCommands
from tools.sim.faults import Faults
from tools.sim.uart import heard, terminal_baud

BAUD = 9600
BYTE_S = 10 / BAUD

_READ_BYTES = 256
_IDLE_S = 0.1
# A master that doesn't wait for its answers loses what goes beyond this.
_MOST_PENDING = 8


class Device(Protocol):
    """What answers on the line."""

    @property
    def address(self) -> int:
        """On the bus."""
        ...

    def answer(self, request: bytes) -> bytes | None:
        """The bytes that go back for a request with a right checksum, or None for silence."""

    def catch_up(self):
        """Called several times a second while nothing is sent."""


class Line:
    """A pty with `device` behind it, which begins to answer `latency_s` after the last byte of a request.

    `path` is the master's side. Pieces are written when they are due by the clock, each a byte long unless this
    process was held up: so nothing ever comes early, and nothing that comes late makes the rest later. An adapter
    that hands over what it collected for `packet_s` makes the pieces longer. Of `faults` it knows those that are the
    line's own: `echo`, `late`, `wrong_baud`.
    """

    def __init__(self, device: Device, latency_s: float, faults: Faults | None = None, packet_s: float = 0):
        self._device = device
        self._faults = faults or Faults()
        self._latency_s = latency_s
        self._packet_bytes = max(1, int(packet_s / BYTE_S))
        # The near side stays open here: without any reader a pty reports a hang-up instead of waiting.
        self._fd, self._near_fd = pty.openpty()
        self.path = os.ttyname(self._near_fd)
        tty.setraw(self._near_fd)
        _set_baud(self._near_fd)
        os.set_blocking(self._fd, False)
        self._framer = Framer(REQUEST_HEADER, REQUEST_BYTES)
        self._pending: list[tuple[float, bytes]] = []  # by the time at which each begins
        self._sent_bytes = 0  # of the first of them
        self._arrived_s = self._answered_s = time.monotonic()

    def close(self):
        """Hang up."""
        os.close(self._fd)
        os.close(self._near_fd)

    def serve(self, stop_fd: int, commands: FaultCommands | None = None):
        """Answer, and obey `commands`, until `stop_fd` has something to read."""
        commands = commands or FaultCommands(self._faults)
        while True:
            readable, _, _ = select.select([self._fd, stop_fd, *commands.fds], [], [], self._wait_s())
            if stop_fd in readable:
                return
            if any(fd in readable for fd in commands.fds):
                commands.read()
            if self._fd in readable:
                self._receive(os.read(self._fd, _READ_BYTES), time.monotonic())
            if self._pending:
                self._send(time.monotonic())
            else:
                self._device.catch_up()

    def _wait_s(self) -> float:
        """Until the next byte is due; while there is none, until the model wants to live on."""
        if not self._pending:
            return _IDLE_S
        start_s, answer = self._pending[0]
        return max(0.0, start_s + self._next_bytes(answer) * BYTE_S - time.monotonic())

    def _next_bytes(self, answer: bytes) -> int:
        """How much of `answer` must have travelled before a piece of it is written."""
        return min(self._sent_bytes + self._packet_bytes, len(answer))

    def _receive(self, chunk: bytes, now_s: float):
        """Bytes that were handed to the pty at `now_s` travel one after the other."""
        start_s = max(self._arrived_s, now_s)
        if "echo" in self._faults:
            self._schedule(start_s, chunk)
        if self._baud_differs():
            self._arrived_s = start_s + len(chunk) * BYTE_S
            self._answer_the_unreadable(start_s)
            return
        for at in range(len(chunk)):
            self._arrived_s = max(self._arrived_s, now_s) + BYTE_S
            self._framer.feed(chunk[at : at + 1], 1)
            found = self._framer.find()
            if found >= 0:
                request = bytes(self._framer.buffer[found : found + REQUEST_BYTES])
                self._framer.reject()
                self._queue(self._device.answer(request))

    def _answer_the_unreadable(self, start_s: float):
        """Bytes at a wrong rate mean nothing to the balancer. Owners report garbage, so any burst gets an answer."""
        if start_s >= self._answered_s:
            self._queue(self._device.answer(bytes(read_request(self._device.address))))

    def _queue(self, answer: bytes | None):
        if answer and self._baud_differs():
            answer = heard(answer, self._balancer_baud(), self._master_baud())
        if answer:
            delay_s = self._latency_s + self._faults.number("late") / 1000
            self._answered_s = self._schedule(self._arrived_s + delay_s, answer)

    def _schedule(self, start_s: float, data: bytes) -> float:
        """Send `data` at `start_s`, or else when the wire is next free for so long. Returns when the last byte came."""
        if len(self._pending) >= _MOST_PENDING:
            return start_s
        for other_s, other in self._pending:
            if start_s < other_s + len(other) * BYTE_S and other_s < start_s + len(data) * BYTE_S:
                start_s = other_s + len(other) * BYTE_S
        insort(self._pending, (start_s, data))
        return start_s + len(data) * BYTE_S

    def _baud_differs(self) -> bool:
        return "wrong_baud" in self._faults and self._balancer_baud() != self._master_baud()

    def _balancer_baud(self) -> int:
        return int(self._faults.number("wrong_baud"))

    def _master_baud(self) -> int:
        """What the other side's terminal is set to; what has no name of its own is taken for the usual."""
        return terminal_baud(self._near_fd) or BAUD

    def _send(self, now_s: float):
        """Write what has travelled the whole wire by now."""
        start_s, answer = self._pending[0]
        due_bytes = min(int((now_s - start_s) / BYTE_S), len(answer))
        if due_bytes >= self._next_bytes(answer):
            _write(self._fd, answer[self._sent_bytes : due_bytes])
            self._sent_bytes = due_bytes
        if due_bytes == len(answer):
            self._pending.pop(0)
            self._sent_bytes = 0


def _set_baud(fd: int):
    attributes = termios.tcgetattr(fd)
    attributes[tty.ISPEED] = attributes[tty.OSPEED] = termios.B9600
    termios.tcsetattr(fd, termios.TCSANOW, attributes)


def _write(fd: int, piece: bytes):
    """Write without waiting: as on a wire, what nobody takes is lost."""
    try:
        os.write(fd, piece)
    except BlockingIOError:
        return
