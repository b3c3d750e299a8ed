"""Presets of the balance policy that are chosen while it runs: over MQTT, at the display, by a new configuration. Lazy.

A choice over MQTT or at the display is kept with the configured preset that it replaces, as others of its menu are:
`{"pack1": ["top", "rest"]}` replaces `top` by `rest` until the configuration no longer says `top`.
"""

from evencell.control.policies import state_of
from evencell.runtime.lazy import call

_PRESETS = ("always", "off", "off-ride", "rest", "storage", "top")
_CUSTOM = "custom"
_KEY = "presets"
_EVENT_LOG = "evencell.control.event_log"
_POLICY = "evencell.control.policy"
_STEPS = "evencell.control.w_step"


def restore(context, states: list):
    """Use what was chosen before the restart."""
    policy, choices = context.config["control"]["policy"], context.key_values.get(_KEY)
    for state in states:
        choice = choices.get(state.pack.name) if isinstance(choices, dict) else None
        if isinstance(choice, list) and len(choice) == 2 and choice[0] == policy["preset"] and _has(policy, choice[1]):
            state.preset = choice[1]


def active(context, pack) -> str | None:
    """The preset of a pack; None where no policy was started."""
    state = state_of(context.control, pack.name)
    return None if state is None else state.preset or context.config["control"]["policy"]["preset"]


def check(context, pack, settings: dict):
    """Raise CommandError where no preset can be chosen. `settings`: of the pack, in the configuration."""
    from evencell.pack.settings import CommandError, check_writable  # not at the start

    if state_of(context.control, pack.name) is None:
        raise CommandError("No balance policy runs here: see control.policy.preset of the configuration.")
    if context.config["control"]["policy"]["by"] == "f6":
        check_writable(pack, settings)


def available(context) -> tuple:
    """The presets that can be chosen."""
    presets = _PRESETS + (_CUSTOM,)
    return presets if _has(context.config["control"]["policy"], _CUSTOM) else _PRESETS


def choose(context, pack, value, source: str = "mqtt") -> str:
    """Use a preset from now on, also after a restart; returns it. Raises CommandError for one that there is not.

    `source`: "mqtt" or "menu".
    """
    from evencell.pack.settings import CommandError

    policy, preset = context.config["control"]["policy"], str(value).strip().lower()
    if not _has(policy, preset):
        text = "There is no such preset; there are %s." % ", ".join(_PRESETS + (_CUSTOM,))
        if preset == _CUSTOM:
            text = "The preset custom needs control.policy.conditions in the configuration."
        context.log.warning("%s: command refused or failed: %s" % (pack.name, text))
        raise CommandError(text)
    if preset != active(context, pack):
        choices = context.key_values.get(_KEY)
        choices = dict(choices) if isinstance(choices, dict) else {}
        choices.pop(pack.name, None)
        if preset != policy["preset"]:
            choices[pack.name] = [policy["preset"], preset]
        context.key_values.put(_KEY, choices or None)
        _use(context, state_of(context.control, pack.name), preset, source)
    return preset


def configure(context, new: dict) -> bool:
    """Use the preset of a new `control.policy`, in place of all choices; False where it counts after a restart.

    It does where no policy was started, or anything else of it is new.
    """
    control = context.control
    if not control or not control.states:  # then the section may not be in memory
        return False
    policy = context.config["control"]["policy"]
    if any(policy[key] != new[key] for key in new if key != "preset" and (key, new[key]) != ("by", None)):
        return False  # an automatic `by` has its value since the start
    context.key_values.put(_KEY, None)
    for state in control.states:
        _use(context, state, new["preset"], "page")
        state.preset = None  # it is the configured one
    policy["preset"] = new["preset"]
    return True


def _use(context, state, preset: str, source: str):
    """Decide by this preset with the next sample; a balancer that its W switch keeps off is read for that.

    The choice is kept in the event log: what a policy writes follows from it. `source`: "mqtt", "menu" or "page".
    """
    policy, now_s = context.config["control"]["policy"], context.clock.uptime_ms() // 1000
    before, state.preset = state.preset or policy["preset"], preset
    if before == "off":
        _resume(context, state, now_s)
    if preset == "off":
        call(_POLICY, "decide", state, policy, None, now_s, None)
    state.decided_s = None
    w = context.control.w
    if w and w.policy is state:
        call(_STEPS, "hasten", w, context, now_s)
    context.log.info("%s: balance preset %s" % (state.pack.name, preset))
    if preset != before:
        event = (context.clock.unix_s(), "policy", state.pack.name, "preset", source, before, preset, "", "")
        call(_EVENT_LOG, "append", context, [event])
    context.hub.post("policy", state.pack.name, "preset", preset)


def _resume(context, state, now_s: int):
    """Go on from how the balancer is switched: `control.policy.at_start` is for a start."""
    if state.is_on is None and state.pack.sequence:
        is_by_w = context.config["control"]["policy"]["by"] == "w"
        state.is_on = True if is_by_w else state.pack.accepted.balancing_enabled
        state.since_s = now_s


def _has(policy: dict, preset) -> bool:
    return preset in _PRESETS or (preset == _CUSTOM and len(policy["conditions"]) > 0)
