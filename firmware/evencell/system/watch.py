"""The watchdog, which is fed only while every part makes progress (docs/architecture.md says what that is for each)."""

from evencell.compat import const

_TIMEOUT_MS = const(60_000)  # a name look-up or a TLS handshake may stop the whole loop for many seconds
_GRACE_MS = const(60_000)  # for a part that is late, before the watchdog is left alone
_AT_THE_PROMPT_MS = const(3_600_000)


class Progress:
    """The promise of one part: to be back in so many milliseconds, or none while it waits for what may never come."""

    __slots__ = ("_clock", "_due_ms")

    def __init__(self, clock):
        self._clock = clock
        self._due_ms = None

    def within(self, milliseconds: int):
        """I am at work: the next call of `within` or `rest` comes in this time at the latest."""
        self._due_ms = self._clock.uptime_ms() + milliseconds

    def rest(self):
        """I wait, and nobody can say how long."""
        self._due_ms = None

    def woken(self, milliseconds: int):
        """Somebody else gave this part something to do; one that is at work has its own promise."""
        if self._due_ms is None:
            self.within(milliseconds)

    def late_ms(self) -> int:
        """By how much the promise is broken; 0 or less where it isn't."""
        return 0 if self._due_ms is None else self._clock.uptime_ms() - self._due_ms


class Watch:
    """Looks at every part of the supervisor that has promised something."""

    def __init__(self, board, clock, supervisor, log):
        self._board = board
        self._clock = clock
        self._supervisor = supervisor
        self._log = log
        self._watchdog = None
        self._told = None  # the part whose lateness was logged
        self._is_given_up = False

    def progress(self) -> Progress:
        """For a part, which hands it to `supervisor.start`."""
        return Progress(self._clock)

    def start(self):
        """From now on `look` must be called, and often. A watchdog that runs can't be stopped."""
        self._watchdog = self._board.watchdog(_TIMEOUT_MS)

    def look(self):
        """Feed the watchdog, unless a part is late beyond its grace: then it is left to reset the board."""
        part = self._latest()
        if part is None:
            self._told = None
            self._is_given_up = False
        elif part is not self._told:
            self._told = part
            self._log.warning("%s is late: no progress" % part.name)
        if part and part.progress.late_ms() > _GRACE_MS:
            self._give_up(part)
        elif self._watchdog:
            self._watchdog.feed()

    def relax(self):
        """The firmware ends and the prompt comes: whoever works there needs time."""
        if self._watchdog:
            self._watchdog = self._board.watchdog(_AT_THE_PROMPT_MS)

    def _latest(self):
        """The part that is latest, or None where none is late."""
        latest, most_ms = None, 0
        for part in self._supervisor.parts:
            late_ms = part.progress.late_ms() if part.progress else 0
            if late_ms > most_ms:
                latest, most_ms = part, late_ms
        return latest

    def _give_up(self, part):
        if not self._is_given_up:
            self._is_given_up = True
            self._supervisor.report(part.name, "no progress; the watchdog, if there is one, resets the board")
