"""One balancer as everyone else sees it: its latest accepted reading, its link, its age."""

from evencell.compat import const
from evencell.pack.acceptance import FLAWLESS_TO_BELIEVE, REASONS, agree, doubt, flawless
from evencell.pack.alarms import alarms_of
from evencell.pack.status import Status

ONLINE = const(0)
STALE = const(1)
OFFLINE = const(2)
ASLEEP = const(3)
LINKS = ("online", "stale", "offline", "asleep")


class Pack:
    """Status records change places: `candidate` is being filled, `accepted` is published.

    Nobody changes `accepted` until the next one is published, and that comes from another task: whoever reads it must
    not await while doing so. `sequence` counts accepted readings; 0 means that nothing was ever read. `refusals`
    counts doubted answers by reason. `writer` carries out commands (link/writable.py); None where none may be.
    """

    __slots__ = (
        "_doubted",
        "_flawless",
        "_has_doubted",
        "accepted",
        "candidate",
        "changed_alarms",
        "diagnosis",
        "line",
        "link",
        "model",
        "name",
        "read_ms",
        "refusals",
        "scale",
        "sequence",
        "writer",
    )

    def __init__(self, name: str, model: str, scale, line=None, diagnosis=None):
        """`line` and `diagnosis` belong to the link; they are here for whoever shows them."""
        self.name = name
        self.model = model
        self.scale = scale
        self.accepted = Status()
        self.candidate = Status()
        # The record of a doubted answer: a third one, for it is compared with the next and never shown.
        self._doubted = Status()
        self._has_doubted = False
        self._flawless = 0
        self.refusals = [0] * len(REASONS)
        self.changed_alarms = 0
        self.link: int | None = None  # not known yet, shown as offline
        self.line = line
        self.diagnosis = diagnosis
        self.sequence = 0
        self.read_ms = 0
        self.writer = None

    def consider(self, clock) -> bool:
        """Publish the candidate, just decoded, unless it is doubtful; True if it was published.

        A doubtful one is kept until the next answer: two in a row that agree are true.
        """
        new = self.candidate
        new.derive()
        reason = doubt(new, self.accepted if self.sequence else None)
        if reason and not self._is_confirmed(new):
            self.refusals[reason] += 1
            self.candidate, self._doubted = self._doubted, new
            self._has_doubted = True
            return False
        self._has_doubted = False
        self._flawless = 0
        self._publish(clock)
        return True

    def _is_confirmed(self, new) -> bool:
        """By the doubted answer before, or for being one of many that have no flaw but that they differ."""
        self._flawless = self._flawless + 1 if flawless(new) else 0
        if self._flawless >= FLAWLESS_TO_BELIEVE:
            return True
        return self._has_doubted and agree(new, self._doubted)

    def believe(self, clock):
        """Publish the candidate, just decoded, whatever it says: for a frame that is judged by itself alone."""
        self.candidate.derive()
        self._publish(clock)

    def _publish(self, clock):
        status = self.candidate
        self.scale.observe(status.temperature_raw)
        status.temperature_dc = self.scale.temperature_dc(status.temperature_raw)
        status.alarms = alarms_of(status, self.scale)
        self.changed_alarms = status.alarms ^ (self.accepted.alarms or 0)
        self.candidate = self.accepted
        self.accepted = status
        self.sequence += 1
        self.read_ms = clock.uptime_ms()

    @property
    def link_name(self) -> str:
        """The balancer's link in words."""
        return LINKS[OFFLINE if self.link is None else self.link]

    def age_ms(self, clock) -> int | None:
        """How old the accepted reading is, or None if nothing was ever read."""
        return clock.uptime_ms() - self.read_ms if self.sequence else None
