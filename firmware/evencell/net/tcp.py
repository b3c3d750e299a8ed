"""Sending over TCP in whole segments.

lwIP allocates a full segment for each write that it sends at once (LWIP_NETIF_TX_SINGLE_PBUF), however small the write
is: 7,000 bytes cost 27 KB of an ESP32's memory in pieces of 64 to 256 bytes, 6 KB in pieces of 1,400. So small pieces
are collected first. No socket sets TCP_NODELAY; a message has to leave with one write, because Nagle's algorithm holds
back a second small one until the peer has acknowledged the first.
"""

from evencell.compat import const, sleep_ms, ticks_diff, ticks_ms, unsent, wait_for_ms

SEGMENT_BYTES = const(1400)  # fits into a segment of lwIP (1,440 bytes) and of Ethernet (1,460)
PACE_MS = const(15)  # between two segments of one body, where the network has little memory
_STUCK_MS = const(5_000)  # a peer that takes nothing for so long is gone
_SLOW_MS = const(15_000)  # that one reads slowly must not keep others from lazy handlers
_HURRIED_SLOW_MS = const(3_000)


class SendBuffer:
    """Collects up to `SEGMENT_BYTES`, allocated once. `is_at_end`: the iterator of the last `fill` ended.

    `queue` (of LazyLock) has what waits meanwhile.

    All connections share one: what the network did not take at once is copied before other tasks run.
    """

    def __init__(self):
        self._data = bytearray(SEGMENT_BYTES)
        self._count = 0
        self.is_at_end = False
        self.queue = ()

    def clear(self):
        """Discard the content."""
        self._count = 0

    def fill(self, pieces, rest=None):
        """Append `rest`, if any, then the pieces (bytes or text) of an iterator, until the buffer is full.

        Returns what of the last piece had no room, to be passed as `rest` the next time; None when the iterator ended
        or gave None, as one does that pauses.
        """
        self.is_at_end = False
        if rest is not None:
            rest = self._append(rest)
            if rest is not None:
                return rest
        for piece in pieces:
            if piece is None:
                return None
            rest = self._append(piece)
            if rest is not None:
                return rest
        self.is_at_end = True
        return None

    def content(self) -> memoryview:
        """What was collected; valid until the next `fill` or `clear`."""
        return memoryview(self._data)[: self._count]

    def _append(self, data):
        """Append as much as there is room for; returns what is left, or None."""
        if isinstance(data, str):
            data = data.encode()
        rest, room = None, SEGMENT_BYTES - self._count
        if len(data) > room:
            data = memoryview(data)
            data, rest = data[:room], data[room:]
        end = self._count + len(data)
        self._data[self._count : end] = data
        self._count = end
        return rest


def shared_buffer(context) -> SendBuffer:
    """The send buffer of all connections, created for the first part that sends."""
    if context.send_buffer is None:
        context.send_buffer = SendBuffer()
        if context.lazy_lock:
            context.send_buffer.queue = context.lazy_lock.queue
    return context.send_buffer


async def send(writer, pieces, buffer: SendBuffer, limit_ms: int, pace_ms: int):
    """Send all that an iterator gives to an asyncio stream, a segment every `pace_ms`.

    When it gives None, other tasks run. Raises OSError, and asyncio.TimeoutError for a peer that takes nothing for 5 s,
    lets us wait for 15 s in all (3 s while others wait), or has not all within `limit_ms`.
    """
    since_ms, waited_ms, rest = ticks_ms(), 0, None
    while True:
        buffer.clear()  # of what others left in it
        rest = buffer.fill(pieces, rest)
        if rest is None and not buffer.is_at_end:
            rest = bytes(buffer.content())  # the buffer is for others, too
            await sleep_ms(0)
            continue
        writer.write(buffer.content())
        if unsent(writer):
            now_ms = ticks_ms()
            slow_ms = _HURRIED_SLOW_MS if buffer.queue else _SLOW_MS
            left_ms = min(limit_ms - ticks_diff(now_ms, since_ms), slow_ms - waited_ms, _STUCK_MS)
            await wait_for_ms(writer.drain(), max(1, left_ms))
            waited_ms += ticks_diff(ticks_ms(), now_ms)
        if rest is None:
            return
        await sleep_ms(pace_ms)
