"""State of a pack's balance policy, which outlives the code that decides."""

from evencell.control.trend import Trend


class PolicyState:
    """`is_on`: what the policy wants, None until its first decision. `reason`: why, in a sentence; `since_s`: uptime.

    `problem`: why it could not be carried out, else None. `chemistry`: of the pack's cells. `held`: for each custom
    condition whether it held, for its hysteresis. `rest_since_s`: uptime since which the pack rests, or None.
    """

    __slots__ = ("chemistry", "held", "is_on", "pack", "problem", "reason", "rest_since_s", "since_s", "trend")

    def __init__(self, pack, chemistry: str, conditions: int):
        self.pack = pack
        self.chemistry = chemistry
        self.trend = Trend()
        self.is_on: bool | None = None
        self.reason = "waiting for the first reading"
        self.problem: str | None = None
        self.since_s = 0
        self.rest_since_s: int | None = None
        self.held = [False] * conditions
