"""Writing one setting, verified: what the balancer answers, and what a fresh reading then says.

Whether a value may be written is judged before, by pack/settings.py.
"""

from evencell.compat import const
from evencell.link.diagnosis import CERTAIN, LIKELY
from evencell.link.poller import MOST_ASKS
from evencell.pack.acceptance import in_range
from evencell.pack.settings import value_in, value_text
from evencell.pack.status import Status
from evencell.protocol.jk_balancer import decode_status
from evencell.protocol.jk_settings import decode_written, write_request

_MOST_WRITES = const(2)  # nobody knows whether settings wear the balancer's memory

# What a write can come to.
TAKEN = const(0)
REFUSED = const(1)
UNHEARD = const(2)
LOST = const(3)
UNKNOWN = const(4)

_ERRORS = (
    None,
    "The balancer refused {setting} {requested} and keeps {active}.",
    "The balancer gave no whole answer to the write of {setting} {requested} and keeps {active}.",
    "The balancer answered that {setting} is {requested}, but then it said {active}.",
    "No reading came after the write: whether the balancer took {setting} {requested} is not known.",
)
# How sure a refusal is, for the diagnosis; 0 is none.
_SURE = (0, CERTAIN, LIKELY, LIKELY)


class Written:
    """What became of a write: values before, wanted, and now (`active`, None where nobody knows).

    `outcome` is a number of this module. `verdict_changed` says that the diagnosis came to another verdict.
    """

    __slots__ = ("active", "old", "outcome", "requested", "setting", "verdict_changed")

    def __init__(self, setting: str, old: int, requested: int):
        self.setting = setting
        self.old = old
        self.requested = requested
        self.active: int | None = old
        self.outcome = TAKEN
        self.verdict_changed = False

    @property
    def error(self) -> str | None:
        """What went wrong, in a sentence, or None."""
        sentence = _ERRORS[self.outcome]
        if sentence is None:
            return None
        active = None if self.active is None else value_text(self.setting, self.active)
        requested = value_text(self.setting, self.requested)
        return sentence.format(setting=self.setting, requested=requested, active=active)


async def write(poll, setting: str, value: int) -> Written:
    """Set `setting` of the poll's pack to `value`; nothing is sent where its last reading says that it is so.

    The pack must have a reading. Each exchange takes the bus as a poll does, so polls may come between.
    Raises ValueError for a value that the pack's model would not take.
    """
    written = Written(setting, value_in(setting, poll.pack.accepted), value)
    request = write_request(poll.request[2], poll.pack.model, setting, value)
    if written.old != value:
        for _ in range(_MOST_WRITES):
            answer = await _answer(poll, request)
            written.active = await _read_back(poll, setting, answer)
            written.outcome = _outcome(value, answer, written.active)
            if written.outcome != UNHEARD:
                break
    if written.outcome != UNKNOWN:
        written.verdict_changed = poll.diagnosis.wrote(_SURE[written.outcome])
    return written


def _outcome(value: int, answer: int | None, active: int | None) -> int:
    """An answer that no reading bears out was a damaged one, and counts for none."""
    if active is None:
        return UNKNOWN
    if active == value:
        return TAKEN
    if answer == value:
        return LOST
    return REFUSED if answer == active else UNHEARD


async def _answer(poll, request) -> int | None:
    """What the balancer says is active after the write, or None if no whole answer came."""
    line = poll.pack.line
    at = await line.ask(request, poll.timeout_ms)
    return None if at < 0 else decode_written(line.frame, at)


async def _read_back(poll, setting: str, answer: int | None) -> int | None:
    """The value that a reading shows, once it is what the write's answer or the reading before said; None if never."""
    line = poll.pack.line
    status = Status()
    before = None
    for _ in range(MOST_ASKS):
        at = await line.ask(poll.request, poll.timeout_ms)
        if at < 0:
            continue
        decode_status(line.frame, at, status)
        status.derive()
        if in_range(status):
            active = value_in(setting, status)
            if active in (answer, before):
                return active
            before = active
    return None
