"""What is wrong with the line, from what was heard and not heard on it: one verdict, one remedy (docs/line.md)."""

from evencell.compat import const, ticks_diff, ticks_ms
from evencell.protocol.jk_balancer import ANSWER_BYTES, ANSWER_HEADER
from evencell.system.on_demand import forget

_WINDOW = const(6)  # exchanges that a verdict looks back on: at most ten seconds
_BAD_TO_TELL = const(2)  # of these, before anything is said: one lost answer is no fault
_SLOW_MS = const(300)  # beyond the wire's own time
_REFUSAL_TOLD_MS = const(600_000)  # unless a write succeeds before
_COMPARED_BYTES = const(2)  # of what was heard, to see whether it is the same again: our header at another rate

# What an exchange can come to, as a number in the window; 0 is an answer in good time.
GOOD = const(0)
SLOW = const(1)
SILENT = const(2)
ECHO = const(3)
SWAPPED = const(4)
NOISE = const(5)
BAUD = const(6)
JK_BMS = const(7)
MODBUS = const(8)
JK_BLUETOOTH = const(9)
CHECKSUM = const(10)
DOUBTED = const(11)
ADDRESS = const(12)
REFUSED_WRITE = const(13)  # no exchange of the window: it stands beside them

VERDICTS = (
    "ok",
    "slow answers",
    "silent",
    "echo only",
    "swapped",
    "noise",
    "wrong baud",
    "other protocol",
    "other protocol",
    "other protocol",
    "checksum errors",
    "noise",
    "wrong address",
    "refused write",
)
# First bytes that give a speaker away. The first is recorded from an owner's swapped wires (captures, "a-b-swapped").
_SIGNATURES = (
    (b"\x55\x95\x01\xff", SWAPPED),
    (b"\x4e\x57", JK_BMS),
    (b"\x55\xaa\xeb\x90", JK_BLUETOOTH),
    (b"\xaa\x55\x90\xeb", JK_BLUETOOTH),
    (b"\x01\x03", MODBUS),
    (b"\x01\x04", MODBUS),
)

_SURENESS = ("", "possible", "likely", "certain")
_POSSIBLE = const(1)
LIKELY = const(2)
CERTAIN = const(3)


class Diagnosis:
    """Looks back on the last exchanges with one pack.

    `verdict` and `latest` (what the last exchange alone came to) are numbers of this module, indices into VERDICTS;
    `remedy` says in one sentence what to do about it, `sure` in a word how sure it is. `wrote_ticks_ms` is when a write
    was last told.
    """

    __slots__ = (
        "_at",
        "_last_head",
        "_outcomes",
        "_refusal_sure",
        "_request",
        "_trouble",
        "latest",
        "remedy",
        "sure",
        "verdict",
        "wrote_ticks_ms",
    )

    def __init__(self, request):
        self._request = request
        self._outcomes = bytearray(_WINDOW)
        self._at = 0
        self._last_head = bytearray(_COMPARED_BYTES)
        self._trouble = GOOD  # the verdict on the line alone
        self._refusal_sure = 0
        self.latest = GOOD
        self.verdict = GOOD
        self.remedy = ""
        self.sure = _SURENESS[_POSSIBLE]
        self.wrote_ticks_ms = 0

    @property
    def name(self) -> str:
        """The verdict in words."""
        return VERDICTS[self.verdict]

    def answered(self, latency_ms: int) -> bool:
        """An exchange brought a reading. True if the verdict changed."""
        return self._note(SLOW if latency_ms >= _SLOW_MS else GOOD)

    def contradicted(self) -> bool:
        """A poll brought answers, but none that could be believed. True if the verdict changed."""
        return self._note(DOUBTED)

    def failed(self, heard_bytes: int, head, was_late: bool) -> bool:
        """An exchange brought no answer: `heard_bytes` came, beginning with `head`. True if the verdict changed."""
        return self._note(SLOW if was_late else self._recognise(heard_bytes, head))

    def wrote(self, refusal_sure: int) -> bool:
        """A write succeeded (0), or was refused: LIKELY or CERTAIN. True if the verdict changed."""
        self._refusal_sure = refusal_sure
        self.wrote_ticks_ms = ticks_ms()
        return self._decide()

    def _recognise(self, heard_bytes: int, head) -> int:
        """What was heard, after our own echo. Only the first `heard_bytes` of `head` are of this exchange."""
        start = len(self._request) if _begins(head, 0, heard_bytes, self._request) else 0
        if heard_bytes == start:
            return ECHO if start else SILENT
        for signature, outcome in _SIGNATURES:
            if _begins(head, start, heard_bytes, signature):
                return outcome
        if _begins(head, start, heard_bytes, ANSWER_HEADER):
            if heard_bytes != start + ANSWER_BYTES:
                return NOISE
            return CHECKSUM if head[start + 2] == self._request[2] else ADDRESS
        return BAUD if self._is_repeated(head, start, heard_bytes) else NOISE

    def _is_repeated(self, head, start: int, heard_bytes: int) -> bool:
        """Noise never says the same twice, but for a line that hangs at one level; a balancer at another rate does."""
        if heard_bytes < start + _COMPARED_BYTES:
            return False
        hangs = head[start] == head[start + 1] and head[start] in (0x00, 0xFF)
        repeated = not hangs and _begins(head, start, heard_bytes, self._last_head)
        for i in range(_COMPARED_BYTES):
            self._last_head[i] = head[start + i]
        return repeated

    def _note(self, outcome: int) -> bool:
        self.latest = outcome
        self._outcomes[self._at] = outcome
        self._at = (self._at + 1) % _WINDOW
        self._trouble = self._judge(outcome)
        return self._decide()

    def _decide(self) -> bool:
        """Answers that can't be had hide a refused write, slow ones don't. True if the verdict changed."""
        before = self.verdict
        if self._refusal_sure and ticks_diff(ticks_ms(), self.wrote_ticks_ms) >= _REFUSAL_TOLD_MS:
            self._refusal_sure = 0
        if self._refusal_sure and self._trouble in (GOOD, SLOW):
            self.verdict = REFUSED_WRITE
            self.sure = _SURENESS[self._refusal_sure]
        else:
            self.verdict = self._trouble
            self.sure = _SURENESS[self._sureness()]
        if self.verdict != before:
            self.remedy = remedy_of(self.verdict)
        return self.verdict != before

    def _sureness(self) -> int:
        """How many of the window's exchanges came to the verdict on the line."""
        agreeing = self._count(self._trouble)
        return CERTAIN if agreeing == _WINDOW else LIKELY if agreeing >= _BAD_TO_TELL else _POSSIBLE

    def _judge(self, latest: int) -> int:
        """The most frequent trouble, once it is no single mishap; one that was told stays until all is good."""
        good = self._count(GOOD)
        if good == _WINDOW or (_WINDOW - good < _BAD_TO_TELL and self._trouble == GOOD):
            return GOOD
        worst = latest if latest != GOOD else self._trouble
        for outcome in self._outcomes:
            if outcome != GOOD and self._count(outcome) > self._count(worst):
                worst = outcome
        return NOISE if worst == CHECKSUM and self._count(NOISE) else worst

    def _count(self, outcome: int) -> int:
        count = 0
        for other in self._outcomes:
            count += other == outcome
        return count


def remedy_of(verdict: int) -> str:
    """What to do about it, in one sentence; empty where nothing is wrong."""
    from evencell.link.remedies import REMEDIES

    forget("evencell.link.remedies")
    return REMEDIES[verdict]


def _begins(data, start: int, end: int, signature) -> bool:
    """Whether `signature` stands at `data[start]` and before `end`. Takes no heap."""
    if start + len(signature) > min(end, len(data)):
        return False
    for i in range(len(signature)):
        if data[start + i] != signature[i]:
            return False
    return True
