"""Supervisor: logs and restarts a failed part, while the others go on."""

import asyncio

from evencell.compat import const, sleep_ms, ticks_diff, ticks_ms
from evencell.runtime.backoff import Backoff

_STABLE_AFTER_MS = const(300_000)


def run_guarded(function, on_error):
    """Call `function()`; an exception that escapes it goes to `on_error(error)`. Ctrl-C passes."""
    try:
        function()
    except Exception as error:
        on_error(error)


class Part:
    """A task that is kept running. `restarts` counts its failures; `heartbeat` (watchdog.py) may be None."""

    __slots__ = ("heartbeat", "name", "restarts", "run", "running")

    def __init__(self, name: str, run, heartbeat):
        self.name = name
        self.run = run
        self.heartbeat = heartbeat
        self.running = True
        self.restarts = 0


class Supervisor:
    """Starts parts, and restarts those that fail, with a backoff. `keep(name, what)` stores a failure (crashes.py)."""

    def __init__(self, log, keep=None):
        self._log = log
        self._keep = keep
        self.parts = []

    def start(self, name: str, run, heartbeat=None):
        """Keep `run()`, a coroutine function, running as a task of its own."""
        part = Part(name, run, heartbeat)
        self.parts.append(part)
        asyncio.create_task(self._keep_running(part))  # noqa: RUF006 - the event loop keeps it

    async def contain(self, name: str, coroutine):
        """Await something short-lived and return its result; None where a bug in it was reported instead."""
        try:
            return await coroutine
        except Exception as error:
            self.report(name, error)

    def result_of(self, name: str, function, *arguments):
        """Call a function and return its result; None where a bug in it was reported instead."""
        try:
            return function(*arguments)
        except Exception as error:
            self.report(name, error)

    def report(self, name: str, what):
        """Log and store a failure: an exception, a sentence, or None where nothing is known."""
        self._log_failure(name, what)
        if self._keep:
            self.attempt("storing a failure", self._keep, name, what)

    def attempt(self, name: str, function, *arguments):
        """Call a function that handles failures: a bug in it is logged, but not reported, which might fail again."""
        try:
            function(*arguments)
        except Exception as error:
            self._log_failure(name, error)

    def _log_failure(self, name: str, what):
        """Log a failure, unless there is no memory for that: it must not become the next failure."""
        try:
            if isinstance(what, Exception):
                self._log.exception(what, name)
            elif what:
                self._log.error("%s: %s" % (name, what))
        except MemoryError:
            pass

    def is_healthy(self) -> bool:
        """Whether every part runs right now."""
        return all(part.running for part in self.parts)

    async def _keep_running(self, part: Part):
        backoff = None
        while True:
            started = ticks_ms()
            part.running = True
            try:
                await part.run()
                self._log.warning("%s ended by itself" % part.name)
            except Exception as error:
                self.report(part.name, error)
            part.running = False
            if part.heartbeat:
                part.heartbeat.suspend()
            part.restarts += 1
            if backoff is None or ticks_diff(ticks_ms(), started) > _STABLE_AFTER_MS:
                backoff = Backoff()
            await sleep_ms(backoff.fail())
