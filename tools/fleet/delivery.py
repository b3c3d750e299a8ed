"""Delivery of a fleet's readings: made, published and received, with the figures that follow."""

import time
from array import array

_PARTS = {"p50": 0.5, "p99": 0.99, "max": 1.0}


class DeviceDelivery:
    """The readings of one device, by `sequence`: how often each was received, and when it was published."""

    def __init__(self):
        self.made = 0
        self._times_received = bytearray()
        self._published_s: dict[int, float] = {}

    def record_made(self, sequence: int):
        """Count a reading of this number."""
        self.made = sequence
        self._times_received.extend(bytes(sequence + 1 - len(self._times_received)))

    def record_published(self, sequence: int):
        """Note the time: it is published now, as a state."""
        self._published_s[sequence] = time.perf_counter()

    def record_received(self, sequence: int) -> float | None:
        """Count it as received; returns the latency in seconds of a state that is received for the first time."""
        if not 0 < sequence < len(self._times_received):
            return None
        self._times_received[sequence] = min(self._times_received[sequence] + 1, 255)
        published_s = self._published_s.pop(sequence, None)
        return None if published_s is None else time.perf_counter() - published_s

    @property
    def missing(self) -> int:
        """Readings that were never received."""
        return self._times_received[1:].count(0)

    @property
    def duplicates(self) -> int:
        """How often a reading was received again."""
        return sum(self._times_received) - len(self._times_received[1:]) + self.missing


class FleetDelivery:
    """Delivery of each device, by its id, and the latency of each state."""

    def __init__(self):
        self.of: dict[str, DeviceDelivery] = {}
        self.states = self.from_backlog = 0
        self._latencies_s = array("f")

    def record_received(self, device: str, sequence: int, is_backlog: bool):
        """Count a received reading of a device."""
        latency_s = self.of[device].record_received(sequence)
        if is_backlog:
            self.from_backlog += 1
            return
        self.states += 1
        if latency_s is not None:
            self._latencies_s.append(latency_s)

    @property
    def made(self) -> int:
        return sum(each.made for each in self.of.values())

    @property
    def missing(self) -> int:
        return sum(each.missing for each in self.of.values())

    @property
    def duplicates(self) -> int:
        return sum(each.duplicates for each in self.of.values())

    def latency_ms(self) -> dict[str, float | None]:
        """From publishing to receiving a state: median, 99th percentile, longest."""
        ordered = sorted(self._latencies_s)
        last = len(ordered) - 1
        return {
            name: round(1000 * ordered[round(part * last)], 2) if ordered else None for name, part in _PARTS.items()
        }
