"""What failed, kept across restarts: the last 8 in `crashes.json`. What is resident of it is this."""

from evencell.compat import const
from evencell.system.files import exists
from evencell.system.on_demand import call

_PAUSE_MS = const(60_000)  # between two writes, so that something that fails all the time doesn't wear the flash


class Crashes:
    """`count` entries there are (crash_file.py reads them); `reset_cause` says why this start was one."""

    def __init__(self, board, clock, log):
        self.reset_cause = board.reset_cause()
        self._path = board.storage + "/crashes.json"
        self._board = board
        self._clock = clock
        self._log = log
        self._held = []  # entries that wait for their write
        self._written_ms = None
        self.count = call("crash_file", "count", *self.kept()) if exists(self._path) else 0

    def keep(self, part: str, what):
        """Keep a failure of `part`: an exception, a sentence, or None where nobody knows more than `reset_cause`."""
        about = (part, what, self.reset_cause, self._board, self._clock, self._log)
        self.count = call("crash_file", "hold", self._path, self._held, *about)
        self.flush()

    def flush(self, at_once: bool = False):
        """Write what waits, unless the last write was less than a minute ago."""
        now_ms = self._clock.uptime_ms()
        is_early = self._written_ms is not None and now_ms - self._written_ms < _PAUSE_MS
        if not self._held or (is_early and not at_once):
            return
        self._written_ms = now_ms
        try:
            call("crash_file", "store", self._path, self._held)
            self._held.clear()
        except (OSError, MemoryError) as error:
            self._log.warning("crashes.json can't be written: %s" % error)

    def kept(self) -> tuple[str, list]:
        """What crash_file.py reads: the file, and the entries that wait for their write."""
        return self._path, self._held
