"""One request, one answer, on a half-duplex line of 9600 baud."""

import asyncio

from evencell.compat import const, sleep_ms, ticks_diff, ticks_ms
from evencell.protocol.framing import CHUNK_BYTES, Framer
from evencell.protocol.jk_balancer import ANSWER_BYTES, ANSWER_HEADER, answers

BAUD = const(9600)
_BITS_PER_BYTE = const(10)  # start, 8 data, stop
_REQUEST_MS = const(7)
_EXCHANGE_MS = const(84)  # (7 + 74) bytes on the wire: no answer can be complete before
_QUIET_MS = const(100)
_DRAIN_AT_MOST_MS = const(1000)
_LOOK_EVERY_MS = const(1)
_CHUNKS_BUFFERED = const(8)  # more than a port keeps
_LEARN_MARGIN_MS = const(2)


class Line:
    """A bus behind a port. One exchange at a time; what each finds out is counted.

    A port offers `write(bytes)` and a `readinto(buffer)` that never blocks and returns the number of bytes, 0 or None
    for nothing. A port whose transceiver needs it has a `direction(sending: bool)` and a `txdone()`, else
    `direction` is None.
    """

    __slots__ = (
        "_chunk",
        "_due_ms",
        "_framer",
        "_lock",
        "_port",
        "answers",
        "foreign_frames",
        "late_answers",
        "requests",
        "timeouts",
    )

    def __init__(self, port):
        self._port = port
        self._framer = Framer(ANSWER_HEADER, ANSWER_BYTES)
        self._chunk = bytearray(CHUNK_BYTES)
        self._lock = asyncio.Lock()
        self._due_ms = _EXCHANGE_MS
        self.requests = 0
        self.answers = 0
        self.timeouts = 0
        self.late_answers = 0
        self.foreign_frames = 0

    @property
    def frame(self) -> bytearray:
        """Where `ask` left the answer, until the next exchange."""
        return self._framer.buffer

    @property
    def bad_checksums(self) -> int:
        """How often something began like an answer, but its checksum was wrong."""
        return self._framer.bad_checksums

    @property
    def rubbish_bytes(self) -> int:
        """How many bytes came that belong to no answer (our own echo counts as well)."""
        return self._framer.rubbish_bytes

    async def ask(self, request, timeout_ms: int) -> int:
        """Offset in `frame` of the answer to `request`, or -1 if none came in time. Read it before you await."""
        async with self._lock:
            self._forget_the_past()
            self.requests += 1
            sent = ticks_ms()
            await self._send(request)
            at = await self._answer(request, sent, timeout_ms + _REQUEST_MS)
            if at < 0:
                self.timeouts += 1
                await self._drain(request)
            else:
                self.answers += 1
            return at

    async def _send(self, request):
        """Write; on a transceiver with a direction pin, release the line right after the last stop bit."""
        direction = self._port.direction
        if direction is None:
            self._port.write(request)
            return
        direction(True)
        try:
            self._port.write(request)
            await sleep_ms(_REQUEST_MS)
            while not self._port.txdone():  # the rest of the last bit: less than a millisecond
                pass
        finally:
            direction(False)

    async def _answer(self, request, sent: int, timeout_ms: int) -> int:
        """Sleep until the answer is due rather than for each of its bytes, then look every millisecond."""
        await sleep_ms(self._due_ms - ticks_diff(ticks_ms(), sent))
        while True:
            self._receive()
            at = self._match(request)
            waited_ms = ticks_diff(ticks_ms(), sent)
            if at >= 0:
                self._learn(waited_ms)
                return at
            if waited_ms >= timeout_ms:
                return -1
            await sleep_ms(_LOOK_EVERY_MS)

    def _learn(self, waited_ms: int):
        """The next answer is due a little before this one came, but never before the wire allows."""
        self._due_ms = max(_EXCHANGE_MS, waited_ms - _LEARN_MARGIN_MS)

    def _receive(self) -> int:
        """Take what the port has, at most one chunk; returns the number of bytes."""
        count = self._port.readinto(self._chunk) or 0
        self._framer.feed(self._chunk, count)
        return count

    def _match(self, request) -> int:
        """Offset of the answer to `request` in what was received, or -1. Other frames are skipped and counted."""
        framer = self._framer
        while True:
            at = framer.find()
            if at < 0:
                return -1
            if answers(framer.buffer, at, request):
                framer.take()
                return at
            self.foreign_frames += 1
            framer.reject()

    def _forget_the_past(self):
        """Nothing that came before the question can be its answer."""
        for _ in range(_CHUNKS_BUFFERED):
            self._framer.clear()
            if not self._receive():
                return

    async def _drain(self, request):
        """Wait until the line was quiet for 100 ms, or a late answer would be taken for the next one, for ever."""
        started = heard = ticks_ms()
        while ticks_diff(ticks_ms(), heard) < _QUIET_MS and ticks_diff(ticks_ms(), started) < _DRAIN_AT_MOST_MS:
            await sleep_ms(10)
            if self._receive():
                heard = ticks_ms()
            if self._match(request) >= 0:
                self.late_answers += 1
        self._framer.clear()
