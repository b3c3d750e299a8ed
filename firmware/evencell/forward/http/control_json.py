"""`/api/v1/packs/<pack>/control`: what the balance policy does and why. Lazy handler."""

from evencell.control.trend import TRENDS
from evencell.forward.http.server import error, json_response

_OFF = {
    "preset": "off",
    "state": None,
    "reason": "no policy is set: the balancer decides by its own settings",
    "since_s": None,
    "problem": None,
    "trend": None,
    "when_dead": None,
}
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
            return json_response({"policy": _policy(context, i), "rules": _rules(context, i, load)})
    return error(404, "There is no pack of this name.", "pack")


def _rules(context, number: int, load) -> list:
    """Each rule and each raised alarm; empty where no rules are evaluated."""
    if context.rules is None:
        return []
    now_s = context.clock.uptime_ms() // 1000
    return list(load("evencell.control.rule_texts").listing(context.rules.states[number], now_s))


def _policy(context, number: int) -> dict:
    if context.control is None:
        return _OFF
    state, config = context.control.states[number], context.config["control"]["policy"]
    return {
        "preset": config["preset"],
        "state": None if state.is_on is None else "on" if state.is_on else "off",
        "reason": state.reason,
        "since_s": context.clock.uptime_ms() // 1000 - state.since_s,
        "problem": state.problem,
        "trend": None if state.trend.kind is None else TRENDS[state.trend.kind],
        "when_dead": _AT_START[config["at_start"]],
    }
