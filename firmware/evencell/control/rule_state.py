"""State of the rules of a pack, which outlives the code that evaluates them."""

from array import array

from evencell.compat import const
from evencell.control.trend import Trend

OK = const(0)
PENDING = const(1)  # the condition holds, but not for long enough
RAISED = const(2)
ACKNOWLEDGED = const(3)
BUILTIN = ("cell_high", "cell_low", "charge_temperature", "no_answer", "delta", "drift")


class RuleState:
    """Of each rule, the built-in ones first: `states`, `since_s` (uptime of the last change) and `cells` (bits).

    `control`: that section of the configuration. `acknowledged`: bits of the balancer's alarms. `drifting`: bits of
    cells, None where that is not known. `settings`: of the balancer, as last known.
    """

    __slots__ = (
        "acknowledged",
        "cells",
        "chemistry",
        "control",
        "drifting",
        "is_restored",
        "pack",
        "settings",
        "since_s",
        "states",
        "trend",
    )

    def __init__(self, pack, chemistry: str, control: dict):
        self.pack = pack
        self.chemistry = chemistry
        self.control = control
        count = len(BUILTIN) + len(control["rules"])
        self.states = bytearray(count)
        self.since_s = array("I", bytes(4 * count))
        self.cells = array("I", bytes(4 * count))
        self.acknowledged = 0
        self.drifting = None
        self.is_restored = False
        self.settings = None
        self.trend = Trend()
