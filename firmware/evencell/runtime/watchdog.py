"""The watchdog is fed only while each part's heartbeats come in time (docs/architecture.md has the table)."""

from evencell.compat import const

_TIMEOUT_MS = const(60_000)  # a DNS query or a TLS handshake may block the event loop for many seconds
_GRACE_MS = const(60_000)  # for a late part, before the watchdog is no longer fed
_PROMPT_TIMEOUT_MS = const(3_600_000)


class Heartbeat:
    """Deadline of one part's next heartbeat, or none while it waits for what may never come (suspended)."""

    __slots__ = ("_clock", "_due_ms")

    def __init__(self, clock):
        self._clock = clock
        self._due_ms = None

    def set_deadline(self, milliseconds: int):
        """A heartbeat; the next one, or `suspend`, is due within this time."""
        self._due_ms = self._clock.uptime_ms() + milliseconds

    def suspend(self):
        """No heartbeat is due until the next `set_deadline` or `resume`."""
        self._due_ms = None

    def resume(self, milliseconds: int):
        """Set a deadline from outside, for a part that gets something to do; only if it is suspended."""
        if self._due_ms is None:
            self.set_deadline(milliseconds)

    def late_ms(self) -> int:
        """Milliseconds since the deadline; 0 or less where it has not passed."""
        return 0 if self._due_ms is None else self._clock.uptime_ms() - self._due_ms


class Watchdog:
    """Checks the heartbeats of the supervisor's parts, and feeds the hardware watchdog of `board`."""

    def __init__(self, board, clock, supervisor, log):
        self._board = board
        self._clock = clock
        self._supervisor = supervisor
        self._log = log
        self._hardware = None
        self._logged = None  # the part whose lateness was logged
        self._is_reported = False

    def heartbeat(self) -> Heartbeat:
        """A new one, for `supervisor.start`."""
        return Heartbeat(self._clock)

    def start(self):
        """Start the hardware watchdog, which can't be stopped: from now on `check` must be called every second."""
        self._hardware = self._board.watchdog(_TIMEOUT_MS)

    def check(self):
        """Feed the watchdog, unless a part is late beyond its grace: then it resets the board."""
        part = self._latest()
        if part is None:
            self._logged = None
            self._is_reported = False
        elif part is not self._logged:
            self._logged = part
            self._log.warning("%s is late: no heartbeat" % part.name)
        if part and part.heartbeat.late_ms() > _GRACE_MS:
            self._report(part)
        elif self._hardware:
            self._hardware.feed()

    def relax(self):
        """Allow an hour without a heartbeat: the firmware ends, and someone may work at the prompt."""
        if self._hardware:
            self._hardware = self._board.watchdog(_PROMPT_TIMEOUT_MS)

    def _latest(self):
        """The part that is late by most, or None."""
        latest, max_ms = None, 0
        for part in self._supervisor.parts:
            late_ms = part.heartbeat.late_ms() if part.heartbeat else 0
            if late_ms > max_ms:
                latest, max_ms = part, late_ms
        return latest

    def _report(self, part):
        if not self._is_reported:
            self._is_reported = True
            self._supervisor.report(part.name, "no heartbeat; the watchdog, if there is one, resets the board")
