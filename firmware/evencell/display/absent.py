"""Stands for a display that did not answer at the start: all that is loaded until it does."""

from evencell.compat import const, sleep_ms
from evencell.system.on_demand import call

_LONGEST_PAUSE_S = const(60)


class Absent:
    """Asks again, makes the display once it answers, and is its task from then on. `found`, `error`: as in tasks.py."""

    def __init__(self, context, found: tuple, error: str):
        self._context = context
        self._found = found
        self._error = error
        self._display = None
        self.progress = context.watch.progress()

    def summary(self) -> dict:
        """For the device's status."""
        return {"state": "missing", "page": None, "brightness": None, "error": self._error}

    async def run(self):
        """Ask after pauses of 1 s to 60 s; then show for ever."""
        pause_s = 1
        while self._display is None:
            await sleep_ms(pause_s * 1000)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            try:
                self._found[0].reset()
            except OSError:
                continue
            self._display = display = call("evencell.display.part", "show", self._context, self._found)
            display.progress = self.progress
            display.error = self._error  # until its first picture has arrived
        await self._display.run()
