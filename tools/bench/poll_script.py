"""Polls flat out on MicroPython and prints period and heap of each cycle: `poll_script.py PORT POLLS`."""

import asyncio
import gc
import json
import sys
import time

from boards.host import Port
from evencell.clock.clock import Clock
from evencell.hub import Hub
from evencell.link.bus import Rs485Bus
from evencell.link.poller import Poller, make_poll
from evencell.pack.temperature import TemperatureScale
from evencell.runtime.log import Log

_SETTINGS = {"name": "pack1", "model": "jk_b2a4s", "address": 1, "interval_ms": 0, "timeout_ms": 1000}
_WARM_UP = 10


class Probe:
    """A consumer of the hub that takes the measure whenever it is woken, and no heap."""

    def __init__(self, polls: int):
        self._heap = [0] * (polls + 1)
        self._ticks_us = [0] * (polls + 1)
        self._polls = -_WARM_UP
        self.done = asyncio.Event()

    def wake(self):
        """A reading was published, or should have been."""
        if 0 <= self._polls < len(self._heap):
            self._heap[self._polls] = gc.mem_alloc()
            self._ticks_us[self._polls] = time.ticks_us()
        self._polls += 1
        if self._polls == 0:
            gc.collect()
            gc.disable()
        elif self._polls == len(self._heap):
            self.done.set()

    def result(self) -> dict:
        """Milliseconds and bytes of each cycle, and what is left of it after a collection."""
        gc.enable()
        gc.collect()
        kept = gc.mem_alloc() - self._heap[0]
        return {
            "periods_ms": [time.ticks_diff(b, a) / 1000 for a, b in zip(self._ticks_us, self._ticks_us[1:])],
            "alloc_bytes": [b - a for a, b in zip(self._heap, self._heap[1:])],
            "kept_bytes": max(0, kept),
        }


async def measure(port: str, polls: int) -> dict:
    """Poll until there are so many measures."""
    line = Rs485Bus(Port(port))
    clock = Clock()
    poll = make_poll(_SETTINGS, TemperatureScale("0.1"), line)
    hub = Hub([poll.pack], clock)
    probe = Probe(polls)
    hub.add(probe)
    poller = asyncio.create_task(Poller(line, [poll], hub, Log(clock, "error")).run())
    await probe.done.wait()
    poller.cancel()
    return probe.result()


print(json.dumps(asyncio.run(measure(sys.argv[1], int(sys.argv[2])))))
