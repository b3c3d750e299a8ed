"""A balancer's latest accepted reading, its link and its age."""

from evencell.compat import const
from evencell.pack.acceptance import MIN_CONSISTENT, REASONS, implausibility, is_confirmed, is_consistent
from evencell.pack.alarms import alarms_of
from evencell.pack.status import Status

ONLINE = const(0)
STALE = const(1)
OFFLINE = const(2)
ASLEEP = const(3)
LINKS = ("online", "stale", "offline", "asleep")


class Pack:
    """The state of one pack. Its status records change places: `candidate` is filled, `accepted` is published.

    `accepted` is immutable until the next one is published by another task: do not await while reading it.
    `sequence` counts accepted readings. `unconfirmed_counts` counts implausible answers by reason. `writer` sets a
    setting of the balancer (link/writable.py); None unless the pack is writable and on a bus. `rules`: names of the
    raised ones, `rule:` before each (control/rules.py). `low_level`: of low_level.py, as control/low_pack.py has it;
    `limits`: from which voltage of a cell on it is low, how much lower each further level is, and from which voltage of
    the pack on; 0 where that is not guarded.
    """

    __slots__ = (
        "_consistent",
        "_has_unconfirmed",
        "_unconfirmed",
        "accepted",
        "bus",
        "candidate",
        "changed_alarms",
        "diagnosis",
        "limits",
        "link",
        "low_level",
        "model",
        "name",
        "read_ms",
        "rules",
        "scale",
        "sequence",
        "unconfirmed_counts",
        "writer",
    )

    def __init__(self, name: str, model: str, scale, bus=None, diagnosis=None):
        """`bus` and `diagnosis` belong to the link; a status shows their counters and verdict."""
        self.name = name
        self.model = model
        self.scale = scale
        self.accepted = Status()
        self.candidate = Status()
        # The last implausible answer, in a third record: it is compared with the next one and never published.
        self._unconfirmed = Status()
        self._has_unconfirmed = False
        self._consistent = 0
        self.unconfirmed_counts = [0] * len(REASONS)
        self.changed_alarms = 0
        self.link: int | None = None  # not known yet
        self.bus = bus
        self.diagnosis = diagnosis
        self.sequence = 0
        self.read_ms = 0
        self.writer = None
        self.rules = ()
        self.low_level, self.limits = 0, (0, 0, 0)

    def accept(self, clock) -> bool:
        """Publish the candidate, just decoded, if it is plausible or confirmed; True if it was published.

        An implausible one is kept until the next answer: two in a row that agree confirm each other.
        """
        new = self.candidate
        new.derive()
        reason = implausibility(new, self.accepted if self.sequence else None)
        if reason and not self._is_confirmed(new):
            self.unconfirmed_counts[reason] += 1
            self.candidate, self._unconfirmed = self._unconfirmed, new
            self._has_unconfirmed = True
            return False
        self._has_unconfirmed = False
        self._consistent = 0
        self._publish(clock)
        return True

    def _is_confirmed(self, new) -> bool:
        """Whether the unconfirmed answer agrees, or enough consistent ones came in a row."""
        self._consistent = self._consistent + 1 if is_consistent(new) else 0
        if self._consistent >= MIN_CONSISTENT:
            return True
        return self._has_unconfirmed and is_confirmed(new, self._unconfirmed)

    def accept_unchecked(self, clock):
        """Publish the candidate, just decoded, without plausibility checks: for a frame that has no other beside it."""
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
    def link_name(self) -> str | None:
        """The link in words; None while it is not known."""
        return None if self.link is None else LINKS[self.link]

    def age_ms(self, clock) -> int | None:
        """Age of the accepted reading, or None without one."""
        return clock.uptime_ms() - self.read_ms if self.sequence else None
