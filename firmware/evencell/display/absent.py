"""Placeholder for a display that did not answer at the start: the display's code is loaded once it does."""

from evencell.compat import sleep_ms
from evencell.runtime.backoff import Backoff
from evencell.runtime.lazy import lazy


class Absent:
    """Retries, creates the display once it answers, and then runs it. `found`, `error`: as in tasks.py."""

    def __init__(self, context, found: tuple, error: str):
        self._context = context
        self._found = found
        self._error = error
        self._display = None
        self.heartbeat = context.watchdog.heartbeat()

    def summary(self) -> dict:
        """Part of the device's status."""
        return {"state": "missing", "page": None, "brightness": None, "error": self._error}

    async def run(self):
        """Ask after pauses of 1 s to 60 s; then show for ever."""
        backoff = Backoff()
        while self._display is None:
            await sleep_ms(backoff.fail())
            try:
                self._found[0].reset()
            except OSError:
                continue
            scope = lazy()
            try:
                display = self._display = scope.load("evencell.display.part").show(self._context, self._found)
            finally:
                scope.unload()
            display.heartbeat = self.heartbeat
            display.error = self._error  # until its first picture is sent
        await self._display.run()
