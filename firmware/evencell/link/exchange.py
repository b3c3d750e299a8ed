"""One request, one answer, on a half-duplex line of 9600 baud."""

import asyncio

from evencell.compat import const, sleep_ms, ticks_diff, ticks_ms
from evencell.protocol.framing import CHUNK_BYTES, Framer
from evencell.protocol.jk_balancer import ANSWER_BYTES, ANSWER_HEADER, answers

BAUD_RATE = const(9600)
_REQUEST_MS = const(7)
_LAST_BIT_MS = const(50)  # a UART that is not done so long after the request never will be
_EXCHANGE_MS = const(84)  # (7 + 74) bytes on the wire: no answer can be complete before
_QUIET_MS = const(100)
_DRAIN_AT_MOST_MS = const(1000)
_LOOK_EVERY_MS = const(1)
_CHUNKS_BUFFERED = const(8)  # more than a port keeps
_LEARN_MARGIN_MS = const(2)
_HEARD_SOMEBODY_BYTES = const(20)  # more than echo and a glitch: so much, then silence, was a damaged answer
_SILENCE_MS = const(50)  # USB adapters pause for 16 ms between two pieces
_HEAD_BYTES = const(12)  # of what is heard, kept to recognise a speaker by


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
        "_heard_at",
        "_lock",
        "_port",
        "answers",
        "foreign_frames",
        "head",
        "heard_bytes",
        "late_answers",
        "latency_ms",
        "requests",
        "timeouts",
    )

    def __init__(self, port):
        self._port = port
        self._framer = Framer(ANSWER_HEADER, ANSWER_BYTES)
        self._chunk = bytearray(CHUNK_BYTES)
        self._lock = asyncio.Lock()
        self._due_ms = _EXCHANGE_MS
        self._heard_at = 0
        self.head = bytearray(_HEAD_BYTES)
        self.heard_bytes = 0
        self.latency_ms = 0
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
        """Offset in `frame` of the answer to `request`, or -1 if none came in time. Read it before you await.

        Afterwards `heard_bytes`, `head` (their beginning) and `latency_ms` tell of this exchange.
        """
        # Each coroutine on the way takes heap, so what is rarely needed is one, and the rest is not.
        await self._lock.acquire()
        try:
            self._framer.clear()
            if self._receive():
                await self._forget_the_past()
            self._framer.clear()
            self.heard_bytes = 0
            self.requests += 1
            sent = ticks_ms()
            if self._port.direction is None:
                self._port.write(request)
            else:
                await self._send_turning(request)
            at = await self._answer(request, sent, timeout_ms + _REQUEST_MS)
            if at < 0:
                self.timeouts += 1
                await self._drain(request)
            else:
                self.answers += 1
            return at
        finally:
            self._lock.release()

    def another(self, request) -> int:
        """The frame just found was a false one: offset of one that began inside it, or -1."""
        self._framer.reject()
        return self._match(request)

    async def _send_turning(self, request):
        """Write through a transceiver with a direction pin, and release the line right after the last stop bit."""
        port = self._port
        port.direction(True)
        try:
            port.write(request)
            await sleep_ms(_REQUEST_MS)
            slept = ticks_ms()
            while not port.txdone() and ticks_diff(ticks_ms(), slept) < _LAST_BIT_MS:
                pass  # the rest of the last bit: less than a millisecond
        finally:
            port.direction(False)

    async def _answer(self, request, sent: int, timeout_ms: int) -> int:
        """Sleep until the answer is due rather than for each of its bytes, then look every millisecond."""
        await sleep_ms(self._due_ms - ticks_diff(ticks_ms(), sent))
        absent_ms = -1  # when the answer was not there yet; before the first look nobody knows
        while True:
            self._receive()
            at = self._match(request)
            waited_ms = ticks_diff(ticks_ms(), sent)
            if at >= 0:
                self._learn(absent_ms)
                return at
            absent_ms = waited_ms
            if waited_ms >= timeout_ms or self.was_damaged():
                return -1
            await sleep_ms(_LOOK_EVERY_MS)

    def was_damaged(self) -> bool:
        """Whether an answer began, or something as long came, and then nothing more: there is no need to wait on."""
        head = self.head
        has_begun = self.heard_bytes >= 2 and head[0] == ANSWER_HEADER[0] and head[1] == ANSWER_HEADER[1]
        is_over = ticks_diff(ticks_ms(), self._heard_at) >= _SILENCE_MS
        return is_over and (has_begun or self.heard_bytes >= _HEARD_SOMEBODY_BYTES)

    def _learn(self, absent_ms: int):
        """The next answer is due a little before this one came, but never before the wire allows.

        How late an answer is found says nothing about the balancer: the event loop may have been busy. It came after
        the last look that did not find it. One that the first look found may have come long before: it counts as half
        of what the ones before took, and the next first look is so much earlier.
        """
        if absent_ms < 0:
            self.latency_ms = early_ms = (self._due_ms - _EXCHANGE_MS) // 2
        else:
            self.latency_ms = max(0, absent_ms - _EXCHANGE_MS)
            early_ms = max(0, self.latency_ms - _LEARN_MARGIN_MS)
        self._due_ms = _EXCHANGE_MS + early_ms

    def _receive(self) -> int:
        """Take what the port has, at most one chunk; returns the number of bytes."""
        count = self._port.readinto(self._chunk) or 0
        if count:
            for i in range(min(count, _HEAD_BYTES - self.heard_bytes)):
                self.head[self.heard_bytes + i] = self._chunk[i]
            self.heard_bytes += count
            self._heard_at = ticks_ms()
            self._framer.feed(self._chunk, count)
        return count

    def _match(self, request) -> int:
        """Offset of the answer to `request` in what was received, or -1. Other frames are skipped and counted."""
        framer = self._framer
        while True:
            at = framer.find()
            if at < 0 or answers(framer.buffer, at, request):
                return at
            self.foreign_frames += 1
            framer.reject()

    async def _forget_the_past(self):
        """Nothing that came before the question can be its answer; nobody speaks while another does."""
        for _ in range(_CHUNKS_BUFFERED):
            await sleep_ms(_LOOK_EVERY_MS)
            self._framer.clear()
            if not self._receive():
                return

    async def _drain(self, request):
        """Wait until the line was quiet for 100 ms, or a late answer would be taken for the next one, for ever."""
        started = ticks_ms()
        if not self.was_damaged():
            self._heard_at = started
        while ticks_diff(ticks_ms(), self._heard_at) < _QUIET_MS:
            if ticks_diff(ticks_ms(), started) >= _DRAIN_AT_MOST_MS:
                break
            await sleep_ms(10)
            self._receive()
            while self._match(request) >= 0:
                self.late_answers += 1
                self._framer.reject()
        self._framer.clear()
