"""Lock for scopes of lazy modules that stay open while other tasks run: never two of them in memory at a time."""

import asyncio
import gc

from evencell.compat import const, sleep_ms, ticks_diff, ticks_ms
from evencell.runtime.lazy import keeps_modules, lazy

_POLL_MS = const(20)
_TIMEOUT_MS = const(20_000)  # longer than responses that clients read slowly


class LazyLock:
    """Opens one scope at a time, in the order in which tasks wait for it, unless memory is plentiful.

    A scope that will soon be used again is parked: it stays loaded until another one is opened. `queue` has the tasks
    that wait.
    """

    def __init__(self):
        self._is_open = False
        self.queue = []
        self._parked = None

    def open(self, parked: lazy | None = None) -> lazy | None:
        """The scope `parked`, if it is still loaded, else a new one; None while one is open, or while a task waits.

        To be ended with `close` or `park`.
        """
        if (self._is_open or self.queue) and not keeps_modules():
            return None
        return self._opened(parked)

    async def wait(self, timeout_ms=_TIMEOUT_MS, parked: lazy | None = None, is_urgent: bool = False) -> lazy | None:
        """The same, as soon as it can be had; None after so many milliseconds. `is_urgent`: before tasks that wait."""
        since_ms, task = ticks_ms(), asyncio.current_task()
        self.queue.insert(0 if is_urgent else len(self.queue), task)
        try:
            while (self._is_open or self.queue[0] is not task) and not keeps_modules():
                if ticks_diff(ticks_ms(), since_ms) >= timeout_ms:
                    return None
                await sleep_ms(_POLL_MS)
            return self._opened(parked)
        finally:
            self.queue.remove(task)

    def close(self, scope: lazy):
        """Unload the scope's modules."""
        self.park(scope)
        self._unload()

    def park(self, scope: lazy):
        """Let others open a scope, which unloads the modules of this one."""
        self._parked = scope
        self._is_open = False

    def _opened(self, parked: lazy | None) -> lazy:
        if parked and parked is self._parked:
            self._parked = None
        else:
            self._unload()
            parked = lazy()
        self._is_open = True
        return parked

    def _unload(self):
        """Unload what is parked; collected before and after, so that what comes and goes does not fragment the heap."""
        is_kept = keeps_modules()
        if not is_kept:
            gc.collect()
        if self._parked:
            self._parked.unload()
            self._parked = None
            if not is_kept:
                gc.collect()
