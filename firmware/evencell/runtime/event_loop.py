"""Runs the event loop, and resumes it when polling fails.

On an ESP32 whose network is out of memory, `select` on a socket fails: asyncio's poll then raises OSError (EIO) out of
the loop. Its tasks are unharmed, so the loop is entered again. Source: MicroPython's ports/esp32/modsocket.c
(MP_STREAM_POLL), extmod/modselect.c and extmod/asyncio/core.py.
"""

import asyncio
import select
import time

from evencell.compat import const, ticks_diff, ticks_ms

_RESUME_AFTER_S = 0.01
_APART_MS = const(1_000)  # failures that are further apart are not one failure
_PATIENCE_MS = const(30_000)  # of a poll that fails all the time
_LOG_MS = const(60_000)


def run_loop(coroutine, context):
    """Run the coroutine to its end. Raises what it raises, and OSError where polling fails for 30 s."""
    loop = asyncio.new_event_loop()
    task = loop.create_task(coroutine)
    failures = PollFailures(context)
    while True:
        try:
            return loop.run_until_complete(task)
        except OSError as error:
            if task.done() or failures.is_permanent(error):
                raise
            time.sleep(_RESUME_AFTER_S)
            wake_broken()


class PollFailures:
    """Logs and counts them: the first is kept in the crash log, then one line a minute says how many there were."""

    def __init__(self, context):
        self._supervisor = context.supervisor
        self._log = context.log
        self._count = 0
        self._first_ms = self._last_ms = self._logged_ms = 0

    def is_permanent(self, error: OSError) -> bool:
        """Note a failure; whether there were failures all the time for the last 30 s."""
        now_ms = ticks_ms()
        if not self._count or ticks_diff(now_ms, self._last_ms) > _APART_MS:
            self._first_ms = now_ms
        self._last_ms = now_ms
        self._count += 1
        if self._count == 1:
            self._logged_ms = now_ms
            self._supervisor.report("event loop", "polling failed: %s; resuming" % error)
        elif ticks_diff(now_ms, self._logged_ms) >= _LOG_MS:
            self._logged_ms = now_ms
            self._log.warning("event loop: polling failed %d times so far: %s" % (self._count, error))
        return ticks_diff(now_ms, self._first_ms) > _PATIENCE_MS


def wake_broken():
    """Wake the tasks that wait for a stream that can't be polled: their next read or write raises the reason."""
    core = getattr(asyncio, "core", None)
    if core is None:  # CPython
        return
    for reader, writer, stream in list(core._io_queue.map.values()):
        poller = select.poll()
        poller.register(stream, select.POLLIN)
        try:
            poller.poll(0)
        except OSError:
            core._io_queue._dequeue(stream)
            for task in (reader, writer):
                if task is not None:
                    core._task_queue.push(task)
