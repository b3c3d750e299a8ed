"""Crash log: the last 8 failures in `crashes.json`, which crash_file.py, a lazy module, reads and writes."""

from evencell.compat import const
from evencell.runtime.lazy import call
from evencell.storage.paths import exists

_MIN_PAUSE_MS = const(60_000)  # between two writes, so that something that fails all the time doesn't wear the flash


class Crashes:
    """`count`: entries in the file or waiting for their write. `reset_cause`: of this start."""

    def __init__(self, board, clock, log, faults):
        self.reset_cause = board.reset_cause()
        self._path = board.storage + "/crashes.json"
        self._board = board
        self._clock = clock
        self._log = log
        self._faults = faults
        self._held = []  # entries that wait for their write
        self._written_ms = None
        self.count = call("evencell.runtime.crash_file", "count", *self.kept()) if exists(self._path) else 0

    def keep(self, part: str, what):
        """Keep a failure of `part`: an exception, a sentence, or None where only `reset_cause` is known."""
        about = (part, what, self.reset_cause, self._board, self._clock)
        self.count = call("evencell.runtime.crash_file", "hold", self._path, self._held, *about)
        self.flush()

    def flush(self, at_once: bool = False):
        """Write what waits, unless the last write was less than a minute ago."""
        now_ms = self._clock.uptime_ms()
        is_early = self._written_ms is not None and now_ms - self._written_ms < _MIN_PAUSE_MS
        if not self._held or (is_early and not at_once):
            return
        self._written_ms = now_ms
        try:
            call("evencell.runtime.crash_file", "store", self._path, self._held, self._faults)
            self._held.clear()
            self._faults.worked("crashes.json")
        except (OSError, MemoryError) as error:
            self._faults.failed("crashes.json", error)

    def kept(self) -> tuple[str, list]:
        """What crash_file.py reads: the file, and the entries that wait for their write."""
        return self._path, self._held
