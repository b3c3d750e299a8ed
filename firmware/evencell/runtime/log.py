"""The log: on the console, and its end in memory for page and file.

Nothing is masked here: what is logged of the configuration or of text from outside is masked where it is quoted.
Control characters are escaped here, wherever they come from.
"""

import io

from evencell.compat import const, print_exception

_LINE_BYTES = const(160)
_NEW_LINE = const(10)
LEVELS = ("debug", "info", "warning", "error")


def traceback_of(error: BaseException) -> str:
    """The lines that the interpreter would print."""
    text = io.StringIO()
    print_exception(error, text)
    return text.getvalue().strip()  # pyright: ignore[reportAttributeAccessIssue] (the stubs lack it)


class Log:
    """Lines of the form `SECONDS LEVEL TEXT`, seconds since the start.

    The last `ring_bytes` of them are kept: a fixed size, so that a storm of lines costs no heap. `written` counts all
    bytes ever written: a reader keeps it, and asks for the `lines` since.
    """

    def __init__(self, clock, level: str = "info", ring_bytes: int = 1024):
        self._clock = clock
        self._ring = bytearray(ring_bytes)
        self.level = LEVELS.index(level)
        self.written = 0

    def enlarge(self, ring_bytes: int):
        """Keep so much from now on. Called at the start, before the smaller ring was full."""
        ring = bytearray(ring_bytes)
        ring[: self.written] = self._ring[: self.written]
        self._ring = ring

    def debug(self, text: str):
        """Details for debugging."""
        self._line(0, text)

    def info(self, text: str):
        """What an owner may want to know."""
        self._line(1, text)

    def warning(self, text: str):
        """What an owner should check."""
        self._line(2, text)

    def error(self, text: str):
        """What does not work."""
        self._line(3, text)

    def exception(self, error: BaseException, part: str):
        """A bug in `part`: its traceback, line by line."""
        self.error("%s failed" % part)
        for line in traceback_of(error).split("\n"):
            self.error("  " + line)

    def lines(self, since: int = 0) -> list[str]:
        """The whole lines written after `written` had the value `since`, as far as they are still there."""
        return self.read(since, len(self._ring))[0]

    def read(self, since: int, max_bytes: int) -> tuple[list[str], int]:
        """The first of these lines, as many as fit into so many bytes (more than one line's), and where they end."""
        size = len(self._ring)
        start = max(since, self.written - size)
        until = min(start + max_bytes, self.written)
        at = start % size
        end = until % size
        whole = start == until or at < end
        data = self._ring[at:end] if whole else self._ring[at:] + self._ring[:end]
        if start > since or self._ring[at - 1] not in (0, _NEW_LINE):
            data = data[data.find(b"\n") + 1 :]
        lines = bytes(data).split(b"\n")
        return [line.decode("utf-8", "ignore") for line in lines[:-1]], until - len(lines[-1])

    def _line(self, level: int, text: str):
        if level < self.level:
            return
        line = "%d %s %s" % (self._clock.uptime_ms() // 1000, LEVELS[level], text.replace("\n", " "))
        data = line.encode()
        if not _is_printable(data):
            from evencell.text import decode_text

            line = decode_text(data, len(data))
            data = line.encode()
        print(line)
        self._keep(_cut(data) + b"\n")

    def _keep(self, data: bytes):
        at = self.written % len(self._ring)
        room = len(self._ring) - at
        self._ring[at : at + len(data)] = data[:room]
        self._ring[: max(0, len(data) - room)] = data[room:]
        self.written += len(data)


def _is_printable(data: bytes) -> bool:
    """Whether UTF-8 text is without control characters, U+0080 to U+009F among them: a terminal would obey them."""
    before = 0
    for byte in data:
        if byte < 0x20 or byte == 0x7F or (before == 0xC2 and byte < 0xA0):
            return False
        before = byte
    return True


def _cut(data: bytes) -> bytes:
    """What fits into a line, without half a character at its end: MicroPython would not decode that."""
    end = _LINE_BYTES - 1
    if len(data) <= end:
        return data
    while data[end] & 0xC0 == 0x80:
        end -= 1
    return data[:end]
