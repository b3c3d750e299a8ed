"""Framing: finds whole frames with a right checksum in a noisy byte stream, in one fixed buffer, without heap."""

from evencell.compat import const

CHUNK_BYTES = const(96)  # an answer comes in one piece


def checksum(data, start: int, end: int) -> int:
    """Low byte of the sum of `data[start:end]`, the last byte of every frame (protocol document V1.3)."""
    total = 0
    for i in range(start, end):
        total += data[i]
    return total & 0xFF


class Framer:
    """Finds frames of one header and length in a stream of bytes, whatever its pieces.

    `feed` takes up to `CHUNK_BYTES` bytes; `find` returns where in `buffer` the next whole frame with a right checksum
    starts. Call `reject` to go on: it skips one byte only, so a good frame that begins inside a false one is found too.
    `noise_bytes` counts noise bytes: skipped, unexpected bytes that belong to no frame.
    """

    __slots__ = ("_end", "_first", "_length", "_second", "_start", "bad_checksums", "buffer", "noise_bytes")

    def __init__(self, header: bytes, length: int):
        self._first, self._second = header
        self._length = length
        self.buffer = bytearray(length + CHUNK_BYTES)
        self._start = 0
        self._end = 0
        self.bad_checksums = 0
        self.noise_bytes = 0

    def feed(self, chunk, count: int):
        """Append the first `count` bytes of `chunk`. Call `find` until it returns -1 before that."""
        if self._end + count > len(self.buffer):
            self._move_to_front()
        buffer = self.buffer
        at = self._end
        for i in range(count):
            buffer[at] = chunk[i]
            at += 1
        self._end = at

    def find(self) -> int:
        """Offset of the next whole frame in `buffer`, or -1 if there is none yet."""
        while self._start < self._end:
            if self._may_start_here():
                if self._end - self._start < self._length:
                    return -1
                last = self._start + self._length - 1
                if checksum(self.buffer, self._start, last) == self.buffer[last]:
                    return self._start
                self.bad_checksums += 1
            self.reject()
        return -1

    def reject(self):
        """Skip one byte: no frame starts here."""
        self._start += 1
        self.noise_bytes += 1

    def clear(self):
        """Discard what was received so far."""
        self._start = self._end = 0

    def _may_start_here(self) -> bool:
        buffer = self.buffer
        at = self._start
        return buffer[at] == self._first and (at + 1 == self._end or buffer[at + 1] == self._second)

    def _move_to_front(self):
        buffer = self.buffer
        count = self._end - self._start
        for i in range(count):
            buffer[i] = buffer[self._start + i]
        self._start = 0
        self._end = count
