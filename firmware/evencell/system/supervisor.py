"""Keeps the parts running: one that fails is logged and started again, the others go on."""

import asyncio

from evencell.compat import const, sleep_ms, ticks_diff, ticks_ms

_FIRST_PAUSE_MS = const(1_000)
_LONGEST_PAUSE_MS = const(60_000)
_STABLE_AFTER_MS = const(300_000)


class Part:
    """A task that is kept running. `restarts` counts its failures since the start."""

    __slots__ = ("name", "restarts", "run", "running")

    def __init__(self, name: str, run):
        self.name = name
        self.run = run
        self.running = True
        self.restarts = 0


class Supervisor:
    """Starts parts, and starts them again after pauses of 1 s to 60 s, growing while they keep failing."""

    def __init__(self, log):
        self._log = log
        self.parts = []

    def start(self, name: str, run):
        """Keep `run()`, a coroutine function, running as a task of its own."""
        part = Part(name, run)
        self.parts.append(part)
        asyncio.create_task(self._keep_running(part))  # noqa: RUF006 - the event loop keeps it for ever

    async def contain(self, name: str, coroutine):
        """Run something short-lived; a bug in it is logged and ends there."""
        try:
            await coroutine
        except Exception as error:
            self._log.exception(error, name)

    def healthy(self) -> bool:
        """Whether every part runs right now."""
        return all(part.running for part in self.parts)

    async def _keep_running(self, part: Part):
        pause_ms = _FIRST_PAUSE_MS
        while True:
            started = ticks_ms()
            part.running = True
            try:
                await part.run()
                self._log.warning("%s ended by itself" % part.name)
            except Exception as error:
                self._log.exception(error, part.name)
            part.running = False
            part.restarts += 1
            if ticks_diff(ticks_ms(), started) > _STABLE_AFTER_MS:
                pause_ms = _FIRST_PAUSE_MS
            await sleep_ms(pause_ms)
            pause_ms = min(2 * pause_ms, _LONGEST_PAUSE_MS)
