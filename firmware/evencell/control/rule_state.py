"""State of the rules of a pack, which outlives the code that evaluates them."""

from array import array

from evencell.compat import const
from evencell.control.trend import Trend

OK = const(0)
NO_SUCH_CELL = const(1)  # the rule is about a cell that the pack does not have
PENDING = const(2)  # the condition holds, but not for long enough
RAISED = const(3)
ACKNOWLEDGED = const(4)
BUILTIN = ("cell_high", "cell_low", "charge_temperature", "no_answer", "delta", "drift")


class RuleState:
    """Of each rule, the built-in ones first: `states`, `since_s` (uptime of the last change) and `cells` (bits).

    `config`: the pack's entry in the configuration, `control`: that section. `alarms`: bits of the balancer's alarms
    that the event log has as raised, `acknowledged`: of those that are acknowledged. `drifting`: bits of cells, None
    where that is not known. `policy`: whether the event log has it as on, None where it has nothing. `settings`: of
    the balancer, as last known.
    """

    __slots__ = (
        "acknowledged",
        "alarms",
        "cells",
        "config",
        "control",
        "drifting",
        "pack",
        "policy",
        "settings",
        "since_s",
        "states",
        "trend",
    )

    def __init__(self, pack, config: dict, control: dict):
        self.pack = pack
        self.config = config
        self.control = control
        count = len(BUILTIN) + len(control["rules"])
        self.states = bytearray(count)
        self.since_s = array("I", bytes(4 * count))
        self.cells = array("I", bytes(4 * count))
        self.acknowledged = self.alarms = 0
        self.drifting = self.policy = None
        self.settings = None
        self.trend = Trend()
