"""One balancer as everyone else sees it: its latest accepted reading, its link, its age."""

from evencell.compat import const
from evencell.pack.alarms import alarms_of
from evencell.pack.status import Status

ONLINE = const(0)
STALE = const(1)
OFFLINE = const(2)
ASLEEP = const(3)
LINKS = ("online", "stale", "offline", "asleep")


class Pack:
    """Two status records change places: `candidate` is being filled, `accepted` is published.

    Nobody changes `accepted` until the next `accept`, and that comes from another task: whoever reads it must not
    await while doing so. `sequence` counts accepted readings; 0 means that nothing was ever read.
    """

    __slots__ = (
        "accepted",
        "candidate",
        "line",
        "link",
        "model",
        "name",
        "read_ms",
        "read_time_s",
        "scale",
        "sequence",
    )

    def __init__(self, name: str, model: str, scale):
        self.name = name
        self.model = model
        self.scale = scale
        self.accepted = Status()
        self.candidate = Status()
        self.link: int | None = None  # not known yet, shown as offline
        self.line = None  # the counters of the line it hangs on, for whoever shows them
        self.sequence = 0
        self.read_ms = 0
        self.read_time_s = None

    def accept(self, clock) -> int:
        """Publish the candidate, just decoded; returns the alarm bits that changed with it."""
        status = self.candidate
        status.derive()
        self.scale.observe(status.temperature_raw)
        status.temperature_dc = self.scale.temperature_dc(status.temperature_raw)
        status.alarms = alarms_of(status, self.scale)
        changed = status.alarms ^ (self.accepted.alarms or 0)
        self.candidate = self.accepted
        self.accepted = status
        self.sequence += 1
        self.read_ms = clock.uptime_ms()
        self.read_time_s = clock.unix_s()
        return changed

    @property
    def link_name(self) -> str:
        """The balancer's link in words."""
        return LINKS[OFFLINE if self.link is None else self.link]

    def age_ms(self, clock) -> int | None:
        """How old the accepted reading is, or None if nothing was ever read."""
        return clock.uptime_ms() - self.read_ms if self.sequence else None
