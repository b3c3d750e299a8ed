"""`/api/v1/packs/<pack>/control`: policy, rules, W switch and advice, with their reasons. Lazy handler."""

from evencell.control.policies import NO_POLICY
from evencell.control.trend import TRENDS
from evencell.forward.http.server import error, json_response
from evencell.runtime.lazy import call

_OFF = {
    "preset": "off",
    "configured": "off",
    "state": None,
    "reason": NO_POLICY,
    "since_s": None,
    "problem": None,
    "trend": None,
    "by": None,
    "when_dead": None,
}
_RESISTOR = "If this device fails, the resistor of the W switch switches the balancer %s at once."
_AT_START = {
    "unchanged": "If this device fails, balancing stays as it is until the device starts again.",
    "on": "If this device fails, balancing stays as it is; it is switched on when the device starts again.",
    "off": "If this device fails, balancing stays as it is; it is switched off when the device starts again.",
}


async def answer(context, request, load):
    """The response (lazy_response.py)."""
    name = request.path.split("/")[4]
    for i, pack in enumerate(context.hub.packs):
        if pack.name == name:
            writes = call("evencell.control.write_counts", "counts", context, name)  # before other code is loaded
            w = context.control.w if context.control else None
            found = {"policy": _policy(context, i, w), "rules": _rules(context, i, load), "w": _w(context, w, load)}
            found["writes"] = writes
            advise, own = load("evencell.control.advisor").advise, context.config.get("control", {}).get("limits")
            found["advice"] = advise(pack, context.config["packs"][i], pack.age_ms(context.clock), own, context.control)
            return json_response(found)
    return error(404, "There is no pack of this name.", "pack")


def _rules(context, number: int, load) -> list:
    """Each rule and each raised alarm; empty where no rules are evaluated."""
    if context.rules is None:
        return []
    now_s = context.clock.uptime_ms() // 1000
    return list(load("evencell.control.rule_texts").listing(context.rules.states[number], now_s))


def _policy(context, number: int, w) -> dict:
    if context.control is None or not context.control.states:
        faults = [fault for fault in context.config_faults if "policy stays off" in fault]
        return dict(_OFF, problem=faults[0] if faults else None)
    state, config = context.control.states[number], context.config["control"]["policy"]
    by_resistor = w and (config["by"] == "w" or w.config["resistor"] == "off")
    return {
        "preset": state.preset or config["preset"],
        "configured": config["preset"],
        "state": None if state.is_on is None else "on" if state.is_on else "off",
        "reason": state.reason,
        "since_s": context.clock.uptime_ms() // 1000 - state.since_s,
        "problem": state.problem,
        "trend": None if state.trend.kind is None else TRENDS[state.trend.kind],
        "by": config["by"],
        "when_dead": _RESISTOR % w.config["resistor"] if by_resistor else _AT_START[config["at_start"]],
    }


def _w(context, w, load) -> dict | None:
    """The W switch; None where there is none."""
    if w is None:
        return None
    now_s = context.clock.uptime_ms() // 1000
    waits = not w.level and w.is_good and w.next_s > now_s
    return {
        "level": None if w.level is None else "on" if w.level else "off",
        "resistor": w.config["resistor"],
        "reason": w.reason,
        "since_s": now_s - w.since_s,
        "next_reading_s": w.next_s - now_s if waits else None,
        "cycles": w.cycles,
        "saves": load("evencell.control.w_measure").verdict(context, w.pack.name),
    }
