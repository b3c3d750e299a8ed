"""What became of every reading of a fleet: made, published, heard again; and the figures that follow from it."""

import time
from array import array

_PARTS = {"p50": 0.5, "p99": 0.99, "max": 1.0}


class Book:
    """The readings of one device, by `sequence`: how often each was heard, and when it was published."""

    def __init__(self):
        self.made = 0
        self._times_heard = bytearray()
        self._published_s: dict[int, float] = {}

    def make(self, sequence: int):
        """There is a reading of this number."""
        self.made = sequence
        self._times_heard.extend(bytes(sequence + 1 - len(self._times_heard)))

    def publish(self, sequence: int):
        """It goes out now, as a state."""
        self._published_s[sequence] = time.perf_counter()

    def hear(self, sequence: int) -> float | None:
        """It was heard. Seconds since it went out, where it did as a state and this is the first time."""
        if not 0 < sequence < len(self._times_heard):
            return None
        self._times_heard[sequence] = min(self._times_heard[sequence] + 1, 255)
        published_s = self._published_s.pop(sequence, None)
        return None if published_s is None else time.perf_counter() - published_s

    @property
    def missing(self) -> int:
        """Readings that were never heard."""
        return self._times_heard[1:].count(0)

    @property
    def twice(self) -> int:
        """How often something was heard that had been heard before."""
        return sum(self._times_heard) - len(self._times_heard[1:]) + self.missing


class Books:
    """All of them, by the device's id, and the latency of every state."""

    def __init__(self):
        self.of: dict[str, Book] = {}
        self.states = self.from_backlog = 0
        self._latencies_s = array("f")

    def hear(self, device: str, sequence: int, is_backlog: bool):
        """A reading of a device was heard."""
        latency_s = self.of[device].hear(sequence)
        if is_backlog:
            self.from_backlog += 1
            return
        self.states += 1
        if latency_s is not None:
            self._latencies_s.append(latency_s)

    @property
    def made(self) -> int:
        return sum(book.made for book in self.of.values())

    @property
    def missing(self) -> int:
        return sum(book.missing for book in self.of.values())

    @property
    def twice(self) -> int:
        return sum(book.twice for book in self.of.values())

    def latency_ms(self) -> dict[str, float | None]:
        """From publishing to hearing a state: median, 99th percentile, longest."""
        ordered = sorted(self._latencies_s)
        last = len(ordered) - 1
        return {
            name: round(1000 * ordered[round(part * last)], 2) if ordered else None for name, part in _PARTS.items()
        }
