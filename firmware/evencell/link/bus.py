"""One request and its answer on a half-duplex RS485 bus at 9600 baud."""

import asyncio

from evencell.compat import const, sleep_ms, ticks_diff, ticks_ms
from evencell.protocol.framing import CHUNK_BYTES, Framer
from evencell.protocol.jk_balancer import ANSWER_BYTES, ANSWER_HEADER, is_answer

BAUD_RATE = const(9600)
_REQUEST_MS = const(7)
_TX_DONE_TIMEOUT_MS = const(50)  # after the request's last byte
_EXCHANGE_MS = const(84)  # (7 + 74) bytes on the wire: no answer can be complete before
_QUIET_MS = const(100)
_DRAIN_TIMEOUT_MS = const(1000)
_POLL_MS = const(1)
_EMPTY_MS = const(10)  # a port is empty if it stays so for this long
_DISCARD_TIMEOUT_MS = const(300)  # for a bus that is never quiet; no answer takes as long
_LATENCY_MARGIN_MS = const(2)
_MIN_DAMAGED_BYTES = const(20)  # more than echo and a glitch: followed by silence, it was a damaged answer
_SILENCE_MS = const(50)  # USB adapters pause for 16 ms between two pieces
_HEAD_BYTES = const(12)  # kept of what is received, to recognise another device by


class Rs485Bus:
    """Half-duplex request/response on a serial port, with error counters. One exchange at a time.

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
        "_received_ms",
        "answers",
        "foreign_frames",
        "head",
        "late_answers",
        "latency_ms",
        "received_bytes",
        "requests",
        "timeouts",
    )

    def __init__(self, port):
        self._port = port
        self._framer = Framer(ANSWER_HEADER, ANSWER_BYTES)
        self._chunk = bytearray(CHUNK_BYTES)
        self._lock = asyncio.Lock()
        self._due_ms = _EXCHANGE_MS
        self._received_ms = 0
        self.head = bytearray(_HEAD_BYTES)
        self.received_bytes = 0
        self.latency_ms = 0
        self.requests = 0
        self.answers = 0
        self.timeouts = 0
        self.late_answers = 0
        self.foreign_frames = 0

    @property
    def frame(self) -> bytearray:
        """The buffer that holds the answer to the last `query`, until the next exchange."""
        return self._framer.buffer

    @property
    def received(self) -> bytearray:
        """Begins with the `received_bytes` of the last exchange; `head` where the buffer was too small for them."""
        buffer = self._framer.buffer
        return buffer if self.received_bytes <= len(buffer) else self.head

    @property
    def bad_checksums(self) -> int:
        """How often something began like an answer, but had a wrong checksum."""
        return self._framer.bad_checksums

    @property
    def rubbish_bytes(self) -> int:
        """Bytes that belong to no answer; the echo of the request counts too. The name is published (docs/api.md)."""
        return self._framer.noise_bytes

    async def query(self, request, timeout_ms: int) -> int:
        """Send `request`; offset in `frame` of its answer, or -1 without a valid one. Read the answer before any await.

        Sets `received_bytes`, `head` (the first of them) and `latency_ms`.
        """
        # Each coroutine on the way takes heap: only what is rarely needed is a coroutine of its own.
        await self._lock.acquire()
        try:
            self._framer.clear()
            if self._receive():
                await self._discard_stale_input()
            self._framer.clear()
            self.received_bytes = 0
            self.requests += 1
            sent = ticks_ms()
            if self._port.direction is None:
                self._port.write(request)
            else:
                await self._write_with_direction(request)
            at = await self._wait_for_answer(request, sent, timeout_ms + _REQUEST_MS)
            if at < 0:
                self.timeouts += 1
                await self._drain(request)
            else:
                self.answers += 1
            return at
        finally:
            self._lock.release()

    def find_next(self, request) -> int:
        """Reject the frame just found; offset of an answer that begins inside it, or -1."""
        self._framer.reject()
        return self._match(request)

    async def _write_with_direction(self, request):
        """Drive the bus while sending, and release it right after the last stop bit."""
        port = self._port
        port.direction(True)
        try:
            port.write(request)
            await sleep_ms(_REQUEST_MS)
            slept = ticks_ms()
            while not port.txdone() and ticks_diff(ticks_ms(), slept) < _TX_DONE_TIMEOUT_MS:
                pass  # the rest of the last bit: less than a millisecond
        finally:
            port.direction(False)

    async def _wait_for_answer(self, request, sent: int, timeout_ms: int) -> int:
        """Sleep until the answer is due, not for each of its bytes, then poll every millisecond."""
        await sleep_ms(self._due_ms - ticks_diff(ticks_ms(), sent))
        absent_ms = -1  # when a poll last found no answer
        while True:
            self._receive()
            at = self._match(request)
            waited_ms = ticks_diff(ticks_ms(), sent)
            if at >= 0:
                self._update_latency(absent_ms)
                return at
            absent_ms = waited_ms
            if waited_ms >= timeout_ms or self.has_damaged_answer():
                return -1
            await sleep_ms(_POLL_MS)

    def has_damaged_answer(self) -> bool:
        """Whether a header, or as many bytes as an answer has, came and the line fell silent: no more will come."""
        head = self.head
        has_begun = self.received_bytes >= 2 and head[0] == ANSWER_HEADER[0] and head[1] == ANSWER_HEADER[1]
        is_over = ticks_diff(ticks_ms(), self._received_ms) >= _SILENCE_MS
        return is_over and (has_begun or self.received_bytes >= _MIN_DAMAGED_BYTES)

    def _update_latency(self, absent_ms: int):
        """Expect the next answer a little before this one came, but never before the wire allows.

        The moment at which an answer is found is no measure of the balancer, for the event loop may have been busy:
        the answer came after the last poll without it. If the first poll found it, it may have come long before: then
        half of the expected latency counts, and the next first poll is that much earlier.
        """
        if absent_ms < 0:
            self.latency_ms = early_ms = (self._due_ms - _EXCHANGE_MS) // 2
        else:
            self.latency_ms = max(0, absent_ms - _EXCHANGE_MS)
            early_ms = max(0, self.latency_ms - _LATENCY_MARGIN_MS)
        self._due_ms = _EXCHANGE_MS + early_ms

    def _receive(self) -> int:
        """Take what the port has, at most one chunk; returns the number of bytes."""
        count = self._port.readinto(self._chunk) or 0
        if count:
            for i in range(min(count, _HEAD_BYTES - self.received_bytes)):
                self.head[self.received_bytes + i] = self._chunk[i]
            self.received_bytes += count
            self._received_ms = ticks_ms()
            self._framer.feed(self._chunk, count)
        return count

    def _match(self, request) -> int:
        """Offset of the answer to `request` in what was received, or -1. Other frames are skipped and counted."""
        framer = self._framer
        while True:
            at = framer.find()
            if at < 0 or is_answer(framer.buffer, at, request):
                return at
            self.foreign_frames += 1
            framer.reject()

    async def _discard_stale_input(self):
        """Discard stale input before sending; returns once the port stays empty.

        Another master's answers may have filled the port since the last request.
        """
        empty_ms = _EMPTY_MS
        started = received = ticks_ms()
        while ticks_diff(ticks_ms(), received) < empty_ms and ticks_diff(ticks_ms(), started) < _DISCARD_TIMEOUT_MS:
            count = self._port.readinto(self._chunk)
            if count:
                received = ticks_ms()
                if count == CHUNK_BYTES:  # a backlog: it has an end, and a kernel hands it over in pieces
                    started = received
                    empty_ms = _QUIET_MS
                await sleep_ms(0)
            else:
                await sleep_ms(_POLL_MS)

    async def _drain(self, request):
        """Wait until the bus was quiet for 100 ms: a late answer must not be matched to the next request."""
        started = ticks_ms()
        if not self.has_damaged_answer():
            self._received_ms = started
        while ticks_diff(ticks_ms(), self._received_ms) < _QUIET_MS:
            if ticks_diff(ticks_ms(), started) >= _DRAIN_TIMEOUT_MS:
                break
            await sleep_ms(10)
            self._receive()
            while self._match(request) >= 0:
                self.late_answers += 1
                self._framer.reject()
        self._framer.clear()
