"""The RS485 line: a pty on which bytes take as long as at 9600 baud."""

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
from tools.sim.link import mark
from tools.sim.uart import resampled, terminal_baud

BAUD = 9600
BYTE_S = 10 / BAUD

_READ_BYTES = 256
_IDLE_S = 0.1
_MAX_PENDING = 8  # answers; a master that doesn't wait for them loses more


class Device(Protocol):
    """A device on the line."""

    @property
    def address(self) -> int:
        """Its address on the bus."""
        ...

    def answer(self, request: bytes) -> bytes | None:
        """The answer to a request with a right checksum, or None."""

    def catch_up(self):
        """Advance the model. Called several times a second while nothing is sent."""


class Line:
    """A pty with `device` behind it, which begins to answer `latency_s` after the last byte of a request.

    `path` is the master's side. Bytes are written when they are due by the clock, so none is early, and a delay does
    not add up. An adapter that collects bytes for `packet_s` makes longer pieces. Implements the `faults` of the line:
    `echo`, `late`, `wrong_baud`.
    """

    def __init__(self, device: Device, latency_s: float, faults: Faults | None = None, packet_s: float = 0):
        self._device = device
        self._faults = faults or Faults()
        self._latency_s = latency_s
        self._packet_bytes = max(1, int(packet_s / BYTE_S))
        # The near side stays open here: without any reader a pty reports a hang-up instead of waiting.
        self._fd, self._near_fd = pty.openpty()
        self.path = os.ttyname(self._near_fd)
        mark(self._near_fd)
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
        """Answer requests and execute `commands` until `stop_fd` is readable."""
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
        """Seconds until the next byte is due, or until the model's next step."""
        if not self._pending:
            return _IDLE_S
        start_s, answer = self._pending[0]
        return max(0.0, start_s + self._next_bytes(answer) * BYTE_S - time.monotonic())

    def _next_bytes(self, answer: bytes) -> int:
        """Number of bytes of `answer` at which the next piece is written."""
        return min(self._sent_bytes + self._packet_bytes, len(answer))

    def _receive(self, chunk: bytes, now_s: float):
        """Process bytes that the master wrote at `now_s`, each at its time on the wire."""
        start_s = max(self._arrived_s, now_s)
        if "echo" in self._faults:
            self._schedule(start_s, chunk)
        if self._baud_differs():
            self._arrived_s = start_s + len(chunk) * BYTE_S
            self._answer_at_wrong_baud(start_s)
            return
        for at in range(len(chunk)):
            self._arrived_s = max(self._arrived_s, now_s) + BYTE_S
            self._framer.feed(chunk[at : at + 1], 1)
            found = self._framer.find()
            if found >= 0:
                request = bytes(self._framer.buffer[found : found + REQUEST_BYTES])
                self._framer.reject()
                self._queue(self._device.answer(request))

    def _answer_at_wrong_baud(self, start_s: float):
        """Answer any burst at a wrong baud rate: owners report garbage, though a balancer can't decode such bytes."""
        if start_s >= self._answered_s:
            self._queue(self._device.answer(bytes(read_request(self._device.address))))

    def _queue(self, answer: bytes | None):
        if answer and self._baud_differs():
            answer = resampled(answer, self._balancer_baud(), self._master_baud())
        if answer:
            delay_s = self._latency_s + self._faults.number("late") / 1000
            self._answered_s = self._schedule(self._arrived_s + delay_s, answer)

    def _schedule(self, start_s: float, data: bytes) -> float:
        """Schedule `data` at `start_s`, or when the wire is free; returns the time of its last byte."""
        if len(self._pending) >= _MAX_PENDING:
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
        """The baud rate of the other side's terminal; 9600 for a rate without a name."""
        return terminal_baud(self._near_fd) or BAUD

    def _send(self, now_s: float):
        """Write the bytes that are due by now."""
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
    """Write without waiting: as on a wire, bytes without a receiver are lost."""
    try:
        os.write(fd, piece)
    except BlockingIOError:
        return
