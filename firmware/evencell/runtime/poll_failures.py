"""Failures of the event loop's poll (event_loop.py): logged, counted, and the waiting tasks woken."""

import asyncio
import select

from evencell.compat import const, ticks_diff, ticks_ms

_APART_MS = const(1_000)  # failures that are further apart are not one failure
_PERMANENT_AFTER_MS = const(30_000)  # of a poll that fails all the time
_LOG_MS = const(60_000)


class PollFailures:
    """Logs and counts them: the first is kept in the crash log, then one line a minute has their number."""

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
        return ticks_diff(now_ms, self._first_ms) > _PERMANENT_AFTER_MS


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
