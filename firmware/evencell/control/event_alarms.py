"""Takes alarms and policies for the event log where no rules are evaluated: what it has is read from it. Lazy."""

from evencell.compat import const
from evencell.control.event_log import read
from evencell.control.event_notes import note, note_missed
from evencell.pack.alarms import ALARMS

_SWITCH = "balancing_enabled"
_PAUSE_MS = const(60_000)  # until it is written for alarms again, however often they come and go
_PACK = const(2)
_NAME = const(3)
_TO = const(6)


class _Kept:
    """What the event log has of a pack, as a RuleState (rule_state.py) has it."""

    def __init__(self, pack):
        self.pack = pack
        self.alarms = self.acknowledged = 0
        self.policy = None


class _Notes:
    """What event_notes.py works on, for one write."""

    def __init__(self, context):
        self.states = [_Kept(pack) for pack in context.hub.packs]
        self.seen = context.hub.logged
        self.waiting = []
        self.is_changed = False


def take(context) -> list:
    """The events since the last write, the earliest first; of an alarm that comes and goes the first and the last."""
    hub, notes = context.hub, _Notes(context)
    for _number, fields in read(context, 0):
        for state in notes.states:
            if state.pack.name == fields[_PACK]:
                _restore(state, fields[1], fields[_NAME], fields[_TO])
    note(context, notes)
    note_missed(context, notes)
    hub.logged, hub.is_log_due = hub.posted, False
    hub.log_after_ms = context.clock.uptime_ms() + (_PAUSE_MS if notes.waiting else 0)
    return _without_repeats(notes.waiting)


def _restore(state, kind: str, name: str, value):
    """Note what an event of the log says."""
    if kind == "policy" and name == _SWITCH:
        state.policy = value
    elif kind == "alarm" and name in ALARMS:
        bit = 1 << ALARMS.index(name)
        state.alarms = state.alarms | bit if value else state.alarms & ~bit


def _without_repeats(events: list) -> list:
    """The first event of each alarm and policy, and the last one if that says otherwise."""
    first, last, kept = {}, {}, []
    for event in events:
        key = event[_PACK : _NAME + 1]
        first.setdefault(key, event)
        last[key] = event
    for event in events:
        key = event[_PACK : _NAME + 1]
        if event is first[key] or (event is last[key] and event[_TO] != first[key][_TO]):
            kept.append(event)
    return kept
