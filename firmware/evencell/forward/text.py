"""Text put together in one fixed buffer, so that sending a reading leaves nothing behind on the heap."""


class Text:
    """ASCII and JSON into a bytearray of fixed size; raises IndexError where that is too small."""

    __slots__ = ("_buffer", "_end", "_view")

    def __init__(self, capacity: int):
        self._buffer = bytearray(capacity)
        self._view = memoryview(self._buffer)
        self._end = 0

    def __len__(self) -> int:
        return self._end

    @property
    def written(self):
        """What was put since `clear`, as a memoryview: valid until the next `clear`."""
        return self._view[: self._end]

    def clear(self):
        """Begin anew."""
        self._end = 0

    def put(self, data: bytes):
        """Append bytes as they are."""
        end = self._end + len(data)
        if end > len(self._buffer):
            raise IndexError("text longer than %d bytes" % len(self._buffer))
        self._buffer[self._end : end] = data
        self._end = end

    def integer(self, value: int):
        """Append a decimal number."""
        self.put(b"%d" % value)

    def tenths(self, value: int):
        """Append a number given in tenths, with one decimal."""
        self.put(b"%s%d.%d" % (b"-" if value < 0 else b"", abs(value) // 10, abs(value) % 10))

    def string(self, text: str):
        """Append a JSON string."""
        self.put(b'"')
        if '"' in text or "\\" in text or any(c < " " for c in text):
            for c in text:
                self.put(b"\\u%04x" % ord(c) if c < " " else (b"\\" if c in '"\\' else b"") + c.encode())
        else:
            self.put(text.encode())
        self.put(b'"')
