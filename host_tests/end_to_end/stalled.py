"""For a wake whose network stalls: waiting takes no time of the computer then (MicroPython; test_sleep_deadlines.py).

`begin` comes before any module of evencell. Waits are real until the file `path` exists; from then on none of this
process takes time, nor does any of the module `phase`. `jumped_ms`: the time that passed so.

With `port`, a datagram goes there each time that `_SLOW_MS` have passed without any data, and the data that follow are
awaited: so a peer can be slow in that time.
"""

import asyncio
import os
import socket
import time

from evencell import compat

_SLOW_MS = 7_000
_ANSWERED_WITHIN_MS = 60_000  # of the computer's time
_STEP_MS = 50  # so that no wait misses the file, or a datagram that is due

jumped_ms = 0
_poll = asyncio.core.IOQueue.wait_io_event


def ticks_ms() -> int:
    """The computer's ticks, and all that was jumped over."""
    return time.ticks_add(time.ticks_ms(), jumped_ms)


def jump(milliseconds: int):
    """Let this time pass at once."""
    global jumped_ms
    jumped_ms += milliseconds


class Waits:
    """What asyncio waits with."""

    def __init__(self, path: str, port: int | None):
        self._path, self._port = path, port
        self._silent_ms = 0
        self.is_stalled = False

    def wait(self, queue, wait_ms: int):
        wait_ms = min(wait_ms, _STEP_MS) if wait_ms >= 0 else _STEP_MS
        if not (self.is_stalled or self._has_file()):
            _poll(queue, wait_ms)
            return
        streams = len(queue.map)
        if self._port and streams and self._silent_ms >= _SLOW_MS:
            self._silent_ms = 0
            self._ask()
            _poll(queue, _ANSWERED_WITHIN_MS)
            return
        _poll(queue, 0)
        if len(queue.map) < streams:  # there were data
            self._silent_ms = 0
            return
        self._silent_ms += wait_ms
        jump(wait_ms)

    def _has_file(self) -> bool:
        try:
            os.stat(self._path)
        except OSError:
            return False
        self.is_stalled = True
        return True

    def _ask(self):
        own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        own.sendto(b"due", socket.getaddrinfo("127.0.0.1", self._port)[0][-1])
        own.close()


def begin(path: str, port: int | None, phase: str | None):
    """Take over asyncio's waits and all ticks; the clock that goes on in deep sleep jumps as well."""
    compat.ticks_ms = asyncio.core.ticks = ticks_ms
    waits = Waits(path, port)
    asyncio.core.IOQueue.wait_io_event = lambda queue, wait_ms: waits.wait(queue, wait_ms)

    from boards.host_sleep import Sleeper
    from evencell.power import session

    time_ns, call_async = Sleeper.time_ns, session.call_async
    Sleeper.time_ns = lambda sleeper: time_ns(sleeper) + 1_000_000 * jumped_ms

    async def call_stalled(module: str, *about):
        waits.is_stalled = waits.is_stalled or module == phase
        try:
            return await call_async(module, *about)
        finally:
            waits.is_stalled = waits.is_stalled and module != phase

    session.call_async = call_stalled
