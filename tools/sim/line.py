"""The RS485 line: a pty on which every byte takes the time it takes at 9600 baud."""

import os
import pty
import select
import termios
import time
import tty
from collections import deque
from typing import Protocol

from evencell.protocol.framing import Framer
from evencell.protocol.jk_balancer import REQUEST_BYTES, REQUEST_HEADER

BAUD = 9600
BYTE_S = 10 / BAUD

_READ_BYTES = 256
_IDLE_S = 0.1
# A master that doesn't wait for its answers loses what goes beyond this.
_MOST_PENDING = 8


class Device(Protocol):
    """What answers on the line."""

    def answer(self, request: bytes) -> bytes | None:
        """The bytes that go back for a request with a right checksum, or None for silence."""

    def catch_up(self):
        """Called several times a second while nothing is sent."""


class Line:
    """A pty with `device` behind it, which begins to answer `latency_s` after the last byte of a request.

    `path` is the master's side. Pieces are written when they are due by the clock, each a byte long unless this
    process was held up: so nothing ever comes early, and nothing that comes late makes the rest later.
    """

    def __init__(self, device: Device, latency_s: float):
        self._device = device
        self._latency_s = latency_s
        # The near side stays open here: without any reader a pty reports a hang-up instead of waiting.
        self._fd, self._near_fd = pty.openpty()
        self.path = os.ttyname(self._near_fd)
        tty.setraw(self._near_fd)
        _set_baud(self._near_fd)
        os.set_blocking(self._fd, False)
        self._framer = Framer(REQUEST_HEADER, REQUEST_BYTES)
        self._pending: deque[tuple[float, bytes]] = deque()
        self._sent_bytes = 0
        self._arrived_s = self._free_s = time.monotonic()

    def close(self):
        """Hang up."""
        os.close(self._fd)
        os.close(self._near_fd)

    def serve(self, stop_fd: int):
        """Answer until `stop_fd` has something to read."""
        while True:
            readable, _, _ = select.select([self._fd, stop_fd], [], [], self._wait_s())
            if stop_fd in readable:
                return
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
        start_s, _ = self._pending[0]
        return max(0.0, start_s + (self._sent_bytes + 1) * BYTE_S - time.monotonic())

    def _receive(self, chunk: bytes, now_s: float):
        """Bytes that were handed to the pty at `now_s` travel one after the other."""
        for at in range(len(chunk)):
            self._arrived_s = max(self._arrived_s, now_s) + BYTE_S
            self._framer.feed(chunk[at : at + 1], 1)
            found = self._framer.find()
            if found >= 0:
                request = bytes(self._framer.buffer[found : found + REQUEST_BYTES])
                self._framer.take()
                self._queue(self._device.answer(request))

    def _queue(self, answer: bytes | None):
        if answer and len(self._pending) < _MOST_PENDING:
            start_s = max(self._arrived_s + self._latency_s, self._free_s)
            self._free_s = start_s + len(answer) * BYTE_S
            self._pending.append((start_s, answer))

    def _send(self, now_s: float):
        """Write what has travelled the whole wire by now."""
        start_s, answer = self._pending[0]
        due_bytes = min(int((now_s - start_s) / BYTE_S), len(answer))
        if due_bytes > self._sent_bytes:
            _write(self._fd, answer[self._sent_bytes : due_bytes])
            self._sent_bytes = due_bytes
        if due_bytes == len(answer):
            self._pending.popleft()
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
