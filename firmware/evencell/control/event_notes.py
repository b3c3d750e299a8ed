"""Gathers alarms, rules and policies for the event log (event_log.py), which is written at most once a minute. Lazy."""

from evencell.compat import const
from evencell.control.policies import state_of
from evencell.pack.alarms import ALARMS

_MAX_WAITING = const(16)  # events until the next write; further ones are not kept
_PRESET = "preset"  # an owner's choice
_SOURCES = {"alarm": None, "rule": "rule", "policy": "policy"}  # of the hub's events that are kept


def take(context, rules) -> list:
    """The events that wait for the event log, the earliest first; they wait no more."""
    note(context, rules)
    events, rules.waiting = rules.waiting, []
    return events


def note(context, rules):
    """Note the hub's new events; an alarm that ended is acknowledged no more."""
    hub = context.hub
    for number in range(rules.seen, hub.posted):
        event = hub.event(number)
        if event is None or event[1] not in _SOURCES:
            continue
        time_s, kind, pack_name, name, value = event[:5]
        if value == "acknowledged" or (kind == "policy" and name == _PRESET):
            continue  # the command itself writes these, with its source
        if kind != "rule" and not _is_new(rules, pack_name, name, value):
            continue
        text = ", ".join([str(cell) for cell in event[5]]) if len(event) > 5 else ""
        policy = state_of(context.control, pack_name) if kind == "policy" else None
        if policy and policy.is_on == (value is True):  # else it has changed again meanwhile
            text = policy.reason
        wait(rules, (time_s, kind, pack_name, name, _SOURCES[kind], None, value, "", text))
    rules.seen = hub.posted


def note_missed(context, rules):
    """Note what alarms did while the device was off, or in events that were overwritten."""
    time_s = context.clock.unix_s()
    for state in rules.states:
        alarms = state.pack.accepted.alarms
        for bit, name in enumerate(ALARMS) if alarms is not None else ():
            is_raised = bool(alarms >> bit & 1)
            if _is_new(rules, state.pack.name, name, is_raised):
                wait(rules, (time_s, "alarm", state.pack.name, name, None, None, is_raised, "", ""))


def wait(rules, event: tuple):
    """Let an event wait for the event log."""
    if len(rules.waiting) < _MAX_WAITING:
        rules.waiting.append(event)
        rules.is_changed = True


def _is_new(rules, pack_name: str, name: str, is_on: bool) -> bool:
    """Whether the event log does not have this alarm, or this policy, as on or off already, also over a restart."""
    for state in rules.states:
        if state.pack.name != pack_name:
            continue
        if name not in ALARMS:
            was_on, state.policy = state.policy, is_on
            return was_on != is_on
        bit = 1 << ALARMS.index(name)
        if bool(state.alarms & bit) == is_on:
            return False
        state.alarms ^= bit
        state.acknowledged &= state.alarms
    return True
