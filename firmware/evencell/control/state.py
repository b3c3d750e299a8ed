"""State of a pack's balance policy, which outlives the code that decides."""

from evencell.control.trend import Trend


class PolicyState:
    """`is_on`: what the policy wants, None until its first decision. `reason`: why, in a sentence; `since_s`: uptime.

    `config`: the pack's entry in the configuration. `problem`: why it could not be carried out, else None. `held`: for
    each custom condition whether it held, for its hysteresis. `rest_since_s`: uptime since which it rests, or None.
    `decided_s`: uptime of the last decision, or None. `is_undecided`: the policy would want balancing, but must know
    first whether the pack rests, or wait for the minimum time. `preset`: chosen while it runs, None for the configured
    one (preset.py). `written_s`, `first_written_s`: uptime of the last write in this run, and of the first one of its
    day, or None (write_limit.py).
    """

    __slots__ = (
        "config",
        "decided_s",
        "first_written_s",
        "held",
        "is_on",
        "is_undecided",
        "pack",
        "preset",
        "problem",
        "reason",
        "rest_since_s",
        "since_s",
        "trend",
        "written_s",
    )

    def __init__(self, pack, config: dict, conditions: int):
        self.pack = pack
        self.config = config
        self.preset: str | None = None
        self.trend = Trend()
        self.is_on: bool | None = None
        self.reason = "waiting for the first decision, up to 10 s after a reading"
        self.problem: str | None = None
        self.since_s = 0
        self.decided_s: int | None = None
        self.written_s = self.first_written_s = None
        self.is_undecided = False
        self.rest_since_s: int | None = None
        self.held = [False] * conditions
