"""Diagnosis of the bus from the last exchanges with one pack: one verdict and one remedy (docs/line.md)."""

from evencell.compat import const, ticks_diff, ticks_ms
from evencell.runtime.lazy import lazy, unload

_WINDOW = const(6)  # exchanges that a verdict is made from: at most ten seconds
_MIN_BAD = const(2)  # of these, for a verdict: one lost answer is no fault
_SLOW_MS = const(300)  # beyond the wire's own time
_REFUSAL_HOLD_MS = const(600_000)  # of a refused write, unless a later one succeeds
_MAX_LOSSY_RUN = const(12)  # exchanges without an answer until a lossy line is silent; another after the window's
_BLOCK = const(64)  # exchanges: lost answers are counted over one to two blocks
_MIN_ISOLATED = const(3)  # single lost answers in that time, for a lossy line
_RECOGNITION = "evencell.link.recognition"

# Outcomes of an exchange, as numbers in the window.
GOOD = const(0)
SLOW = const(1)
SILENT = const(2)
ECHO = const(3)
SWAPPED = const(4)
NOISE = const(5)
BAUD = const(6)
FOREIGN = const(7)
UNKNOWN = const(8)
CHECKSUM = const(9)
IMPLAUSIBLE = const(10)
ADDRESS = const(11)
REFUSED_WRITE = const(12)  # a verdict alone: no exchange of the window has it
LOST = const(13)  # no answer, on a line that had answers before
_NOTHING = const(255)  # no exchange yet

VERDICTS = (
    "ok",
    "slow answers",
    "silent",
    "echo only",
    "swapped",
    "noise",
    "wrong baud",
    "other protocol",
    "unknown protocol",
    "checksum errors",
    "noise",
    "wrong address",
    "refused write",
    "lost answers",
)

_CONFIDENCE = ("", "possible", "likely", "certain")
_POSSIBLE = const(1)
LIKELY = const(2)
CERTAIN = const(3)


class Diagnosis:
    """The verdict on the last exchanges with one pack.

    `verdict` and `latest` (the outcome of the last exchange alone) are numbers of this module, indices into VERDICTS;
    `remedy` is one sentence; `sure` is how certain the verdict is. `protocol` names the other protocol found last.
    `wrote_ticks_ms` is the time of the last recorded write.
    """

    __slots__ = (
        "_at",
        "_counts",
        "_is_lossy",
        "_line_verdict",
        "_outcomes",
        "_recognition",
        "_refusal",
        "_request",
        "_run",
        "latest",
        "protocol",
        "remedy",
        "sure",
        "verdict",
        "wrote_ticks_ms",
    )

    def __init__(self, request):
        self._request = request
        self._outcomes = bytearray((_NOTHING,) * _WINDOW)
        self._at = 0
        # Exchanges, lost answers and isolated ones among these, of this block and of the one before, counted from the
        # first answer on; all 0 before.
        self._counts = bytearray(6)
        self._run = 0  # answers lost in a row, not counted yet
        self._is_lossy = False
        self._line_verdict = GOOD  # the verdict without writes
        self._recognition = None  # loaded while what comes is no answer
        self.protocol = ""
        self._refusal = 0  # LIKELY or CERTAIN after a refused write
        self.latest = GOOD
        self.verdict = GOOD
        self.remedy = ""
        self.sure = _CONFIDENCE[_POSSIBLE]
        self.wrote_ticks_ms = 0

    @property
    def name(self) -> str:
        """The verdict in words."""
        return VERDICTS[self.verdict]

    @property
    def summary(self) -> str:
        """The verdict in words, with the share of lost answers where that is the verdict."""
        return "%s (%d %%)" % (self.name, self.lost_percent) if self.verdict == LOST else self.name

    @property
    def lost_percent(self) -> int:
        """Share of the last 64 to 128 exchanges without an answer, while others had one."""
        counts = self._counts
        exchanges = counts[0] + counts[3] + self._run
        lost = counts[1] + counts[4] + self._run
        return max(1, (100 * lost + exchanges // 2) // exchanges) if lost else 0

    def record_answer(self, latency_ms: int) -> bool:
        """Record an exchange that brought a reading. True if the verdict changed."""
        recognition = self._recognition
        if recognition:
            recognition.restart()
        is_changed = self._record(SLOW if latency_ms >= _SLOW_MS else GOOD)
        if recognition and self._count(GOOD) == _WINDOW:
            self._recognition = None
            unload(_RECOGNITION)
        return is_changed

    def record_implausible(self) -> bool:
        """Record a poll whose answers were all implausible. True if the verdict changed."""
        return self._record(IMPLAUSIBLE)

    def record_failure(self, received_bytes: int, head, was_late: bool) -> bool:
        """Record an exchange without an answer, but `received_bytes`, of which `head` has the first.

        True if the verdict changed. The more bytes `head` has, the more other protocols are recognised.
        """
        if was_late:
            return self._record(SLOW)
        return self._record(self._recognise(received_bytes, head) if received_bytes else SILENT)

    def record_write(self, refusal: int) -> bool:
        """Record a write: 0 for success, LIKELY or CERTAIN for a refusal. True if the verdict changed."""
        self._refusal = refusal
        self.wrote_ticks_ms = ticks_ms()
        return self._decide()

    def _recognise(self, received_bytes: int, head) -> int:
        """The outcome that the received bytes mean; NOISE without the memory to examine them."""
        try:
            if self._recognition is None:
                from evencell.link.recognition import Recognition

                self._recognition = Recognition(self._request)
            recognition = self._recognition
            outcome = recognition.outcome(received_bytes, head, self._outcomes, self._has_answers())
        except MemoryError:
            return NOISE
        if outcome == FOREIGN and recognition.protocol != self.protocol:
            self.protocol = recognition.protocol
            self.remedy = ""  # made by _decide
        return outcome

    def _has_answers(self) -> bool:
        """Whether the window has answers of the balancer: then neither address nor baud rate is wrong."""
        return self._count(GOOD) + self._count(SLOW) > 0

    def _record(self, outcome: int) -> bool:
        if outcome in (SILENT, ECHO):
            outcome = self._count_loss(outcome)
        else:
            self._count_received(outcome)
        self.latest = outcome
        self._outcomes[self._at] = outcome
        self._at = (self._at + 1) % _WINDOW
        self._line_verdict = self._judge(outcome)
        return self._decide()

    def _count_loss(self, outcome: int) -> int:
        """Count an exchange without an answer. Its outcome is LOST while the run of them is short."""
        counts = self._counts
        if not counts[0] + counts[3]:
            return outcome
        self._run += 1
        if self._run < (_MAX_LOSSY_RUN if counts[1] + counts[4] else _WINDOW):
            self._replace(SILENT, LOST)
            self._replace(ECHO, LOST)
            return LOST
        for i in range(len(counts)):
            counts[i] = 0
        self._run = 0
        self._is_lossy = False
        self._replace(LOST, outcome)
        return outcome

    def _count_received(self, outcome: int):
        """Count an exchange that brought bytes, and the losses before it. The first answer begins the count."""
        counts = self._counts
        if outcome not in (GOOD, SLOW, IMPLAUSIBLE) and not counts[0] + counts[3]:
            return
        counts[0] += self._run + 1
        counts[1] += self._run
        counts[2] += self._run == 1
        self._run = 0
        if counts[0] >= _BLOCK:
            for i in range(3):
                counts[3 + i] = counts[i]
                counts[i] = 0
        isolated = counts[2] + counts[5]
        self._is_lossy = isolated >= _MIN_ISOLATED or (self._is_lossy and isolated > 0)

    def _replace(self, outcome: int, other: int):
        """Replace an outcome in the window, now that later exchanges explain it."""
        for i in range(_WINDOW):
            if self._outcomes[i] == outcome:
                self._outcomes[i] = other
        if self._line_verdict == outcome:
            self._line_verdict = other

    def _decide(self) -> bool:
        """Set verdict, `sure` and remedy; True if the verdict changed. A refused write goes before slow answers."""
        before = self.verdict
        if self._refusal and ticks_diff(ticks_ms(), self.wrote_ticks_ms) >= _REFUSAL_HOLD_MS:
            self._refusal = 0
        if self._refusal and self._line_verdict in (GOOD, SLOW, LOST):
            self.verdict = REFUSED_WRITE
            self.sure = _CONFIDENCE[self._refusal]
        elif self._is_lossy and self._line_verdict in (GOOD, LOST):
            self.verdict = LOST
            self.sure = _CONFIDENCE[CERTAIN]
        else:
            self.verdict = self._line_verdict
            self.sure = _CONFIDENCE[self._confidence()]
        is_changed = self.verdict != before or (self.verdict == FOREIGN and not self.remedy)
        if is_changed:
            self.remedy = remedy_of(self.verdict, self.protocol)
        return is_changed

    def _confidence(self) -> int:
        """By the number of exchanges in the window with the outcome that became the verdict."""
        agreeing = self._count(self._line_verdict)
        return CERTAIN if agreeing == _WINDOW else LIKELY if agreeing >= _MIN_BAD else _POSSIBLE

    def _judge(self, latest: int) -> int:
        """The most frequent bad outcome, from two bad ones on; a verdict stays until the whole window is good."""
        good = self._count(GOOD) + self._count(_NOTHING)
        if good == _WINDOW or (_WINDOW - good < _MIN_BAD and self._line_verdict == GOOD):
            return GOOD
        worst = latest if latest != GOOD else self._line_verdict
        for outcome in self._outcomes:
            if outcome not in (GOOD, _NOTHING) and self._count(outcome) > self._count(worst):
                worst = outcome
        return NOISE if worst == CHECKSUM and self._count(NOISE) else worst

    def _count(self, outcome: int) -> int:
        count = 0
        for other in self._outcomes:
            count += other == outcome
        return count


def remedy_of(verdict: int, protocol: str = "") -> str:
    """What to do, in one sentence; empty for `ok`. `protocol` is the name of the other protocol."""
    with lazy("evencell.link.remedies") as remedies:
        remedy = remedies.REMEDIES[verdict]
    return remedy % protocol if verdict == FOREIGN else remedy
