"""Keeps the parts running: one that fails is logged and started again, the others go on."""

import asyncio

from evencell.compat import const, sleep_ms, ticks_diff, ticks_ms

_FIRST_PAUSE_MS = const(1_000)
_LONGEST_PAUSE_MS = const(60_000)
_STABLE_AFTER_MS = const(300_000)


def guard(run, escaped):
    """`run()`; what fails in it and nobody caught goes to `escaped(error)`. Ctrl-C passes."""
    try:
        run()
    except Exception as error:
        escaped(error)


class Part:
    """A task that is kept running. `restarts` counts its failures; `progress` is its promise (watch.py) or None."""

    __slots__ = ("name", "progress", "restarts", "run", "running")

    def __init__(self, name: str, run, progress):
        self.name = name
        self.run = run
        self.progress = progress
        self.running = True
        self.restarts = 0


class Supervisor:
    """Starts parts, and starts them again after pauses of 1 s to 60 s, growing while they keep failing.

    `keep(name, what)` keeps a failure beyond the log.
    """

    def __init__(self, log, keep=None):
        self._log = log
        self._keep = keep
        self.parts = []

    def start(self, name: str, run, progress=None):
        """Keep `run()`, a coroutine function, running as a task of its own."""
        part = Part(name, run, progress)
        self.parts.append(part)
        asyncio.create_task(self._keep_running(part))  # noqa: RUF006 - the event loop keeps it for ever

    async def contain(self, name: str, coroutine):
        """Run something short-lived; a bug in it is logged and ends there."""
        try:
            await coroutine
        except Exception as error:
            self.report(name, error)

    def result_of(self, name: str, function, *arguments):
        """What `function(*arguments)` returns; None where a bug in it was reported instead."""
        try:
            return function(*arguments)
        except Exception as error:
            self.report(name, error)

    def report(self, name: str, what):
        """Log and keep a failure: an exception, or a sentence, or None where nothing is known."""
        if isinstance(what, Exception):
            self._log.exception(what, name)
        elif what:
            self._log.error("%s: %s" % (name, what))
        if self._keep:
            self.attempt("keeping that", self._keep, name, what)

    def attempt(self, name: str, function, *arguments):
        """Call what has to do with failures and must not become the next one: what goes wrong in it is logged."""
        try:
            function(*arguments)
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
                self.report(part.name, error)
            part.running = False
            if part.progress:
                part.progress.rest()
            part.restarts += 1
            if ticks_diff(ticks_ms(), started) > _STABLE_AFTER_MS:
                pause_ms = _FIRST_PAUSE_MS
            await sleep_ms(pause_ms)
            pause_ms = min(2 * pause_ms, _LONGEST_PAUSE_MS)
