"""Checks conditions between keys of the control, and of what it needs. Lazy, of check.py."""

from evencell.compat import const
from evencell.runtime.lazy import call

_MAX_W_INTERVAL_MS = const(5_000)  # a reading decides within seconds whether the balancer stays on
_ANY = "?"  # stands for any key of a section


def reconcile(config: dict, faults):
    """The W switch, and the owner's limits, policy and rules, where there are any; as `reconcile` of reconcile.py."""
    control = config["control"]
    if control["w"]["enabled"]:
        _check_w(config, faults)
    if any(limit is not None for limit in control["limits"].values()):
        call("evencell.config.own_limits", "check_limits", config, faults)
    if control["policy"]["preset"] != "off":
        call("evencell.config.own_policy", "check_policy", config, faults, _ANY)
    if control["rules"]:
        call("evencell.config.own_rules", "check_rules", config, faults, _ANY)


def _check_w(config: dict, faults):
    """A W switch that is not described as it was meant is not driven: its resistor decides."""
    w = config["control"]["w"]
    if w["resistor"] is None:
        fault = "resistor", "it is needed: on or off, what the resistor of the W switch makes of the balancer"
    elif len(config["packs"]) > 1:
        fault = "enabled", "there is one W switch, and there are %d packs" % len(config["packs"])
    elif config["packs"][0]["interval_ms"] > _MAX_W_INTERVAL_MS:
        fault = "enabled", "it needs packs[0].interval_ms of at most %d" % _MAX_W_INTERVAL_MS
    elif w["guard_every_s"] < 2 * w["guard_on_s"]:
        fault = "guard_every_s", "it is at least twice control.w.guard_on_s"
    else:
        fault = None
    if fault:
        faults.add("control.w." + fault[0], fault[1] + "; the W switch is not used")
        w["enabled"] = False
    elif faults.concern_section("control.w", [_ANY] + list(w)):
        faults.add_consequence("control", "the W switch is not used")
        w["enabled"] = False
