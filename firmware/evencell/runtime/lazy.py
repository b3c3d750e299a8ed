"""Lazy modules: in memory only while they are needed (docs/architecture.md).

What a scope imports is unloaded at its end, with all that those modules imported. Where memory is plentiful nothing is
unloaded (`on_demand.keep_modules`): to load a module again stops the event loop for nothing.
"""

import gc
import sys

from evencell.compat import const, sleep_ms, ticks_diff, ticks_ms
from evencell.system.on_demand import forget, keeps_modules

_POLL_MS = const(20)


class lazy:
    """Scope of one module: `with lazy("evencell.pack.health") as health: …`, without an `await` in it.

    Scopes that last longer, or need several modules: `load` each, `unload` at the end. Only what was imported within
    `load` is unloaded then, so such modules import at their top.
    """

    def __init__(self, name: str = ""):
        self._name = name
        self._before = ()
        self._loaded = []

    def __enter__(self):
        self._before = tuple(sys.modules)
        is_loaded = False
        try:
            module = self.load(self._name)
            is_loaded = True
            return module
        finally:
            if not is_loaded:
                self.unload()

    def __exit__(self, *_):
        self._note(self._before)
        self.unload()

    def load(self, name: str):
        """The module of this name, imported if it is not in memory."""
        before = tuple(sys.modules)
        try:
            return __import__(name, None, None, ("*",))
        finally:
            self._note(before)

    def unload(self):
        """Unload all that was imported in this scope."""
        while self._loaded:
            forget(self._loaded[-1])
            self._loaded.pop()  # not before: there may be no memory for it now, but the next time

    def _note(self, before: tuple):
        for name in sys.modules:
            if name not in before and name not in self._loaded:
                self._loaded.append(name)


class LazyLock:
    """Opens one scope at a time for modules that stay loaded while other tasks run: the code of two such scopes is
    never in memory together, unless memory is plentiful.

    Who will soon go on with a scope parks it: it stays loaded until somebody else opens one.
    """

    def __init__(self):
        self._is_open = False
        self._waiting = 0  # tasks
        self._parked = None

    def open(self, parked: lazy | None = None) -> lazy | None:
        """The scope `parked`, if it is still loaded, else a new one; None while one is open, or while a task waits.

        To be ended with `close` or `park`.
        """
        if (self._is_open or self._waiting) and not keeps_modules():
            return None
        return self._opened(parked)

    async def wait(self, timeout_ms: int, parked: lazy | None = None) -> lazy | None:
        """The same, as soon as it can be had; None after so many milliseconds."""
        since_ms = ticks_ms()
        self._waiting += 1
        try:
            while self._is_open and not keeps_modules():
                if ticks_diff(ticks_ms(), since_ms) >= timeout_ms:
                    return None
                await sleep_ms(_POLL_MS)
            return self._opened(parked)
        finally:
            self._waiting -= 1

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
        """Unload what is parked; collected before and after, so that what comes and goes does not scatter the heap."""
        is_kept = keeps_modules()
        if not is_kept:
            gc.collect()
        if self._parked:
            self._parked.unload()
            self._parked = None
            if not is_kept:
                gc.collect()
