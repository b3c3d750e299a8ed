"""Rules: raises and clears each once, after its delay; notes events for the event log; both survive a restart. Lazy."""

from evencell.compat import const
from evencell.control.rule_conditions import NO_CELL, holds, own_holds
from evencell.control.rule_state import ACKNOWLEDGED, BUILTIN, OK, PENDING, RAISED
from evencell.pack.alarms import ALARMS
from evencell.pack.pack import ONLINE
from evencell.runtime.lazy import call

# Of the built-in rules: severity, and for how many seconds the condition must hold.
_BUILTIN = (("danger", 10), ("danger", 10), ("danger", 60), ("warning", 60), ("warning", 300), ("info", 0))
_SEVERITIES = ("danger", "warning", "info")
_SAVE_S = const(60)  # between two writes to the flash, however often an alarm comes and goes
_MAX_WAITING = const(16)  # events in that time; further ones are not kept
_KEY = "rules:%s"
_EVENT_LOG = "evencell.control.event_log"
_SETTINGS = ("cell_count", "trigger_mv", "max_balance_ma", "balancing_enabled")
_SOURCES = {"alarm": None, "rule": "rule", "policy": "policy", "w": "policy"}  # of the events that are kept


class RuleError(Exception):
    """There is no such rule, or it is not raised: one sentence."""


def tick(context, rules):
    """Evaluate all rules of all packs, and keep what has happened."""
    now_s = context.clock.uptime_ms() // 1000
    for state in rules.states:
        if not state.is_restored:
            _restore(context, state, now_s)
        state.acknowledged &= state.pack.accepted.alarms or 0  # also where the event of its end was overwritten
        _check_settings(context, rules, state)
        _evaluate(context, rules, state, now_s)
    _note_events(context, rules)
    drive_output(rules)
    if rules.is_changed and (rules.saved_s is None or now_s - rules.saved_s >= _SAVE_S):
        save(context, rules)


def acknowledge(context, rules, state, name: str):
    """Acknowledge the raised rule or the balancer's alarm of this name; raises RuleError."""
    if name in ALARMS:
        bit = 1 << ALARMS.index(name)
        if not (state.pack.accepted.alarms or 0) & bit:
            raise RuleError("This alarm is not raised.")
        state.acknowledged |= bit
        _note_acknowledgement(context, rules, state, name)
        return
    number = _number(state, name)
    if number is None:
        raise RuleError("There is no rule of this name.")
    if state.states[number] not in (RAISED, ACKNOWLEDGED):
        raise RuleError("This rule is not raised.")
    if state.states[number] == RAISED:
        state.states[number] = ACKNOWLEDGED
        _note_acknowledgement(context, rules, state, name)


def _note_acknowledgement(context, rules, state, name: str):
    context.hub.post("rule", state.pack.name, name, "acknowledged")
    save(context, rules)
    drive_output(rules)


def save(context, rules):
    """Keep events and the raised rules on the flash."""
    _note_events(context, rules)
    if rules.waiting:
        call(_EVENT_LOG, "append", context, rules.waiting)
    rules.waiting = []
    for state in rules.states:
        if state.is_restored:
            context.key_values.put(_KEY % state.pack.name, _raised(state) or None)
    rules.saved_s = context.clock.uptime_ms() // 1000
    rules.is_changed = False


def drive_output(rules):
    """Switch the alarm output: on while a rule that is meant to switch it is raised and not acknowledged."""
    if rules.output:
        rules.output(any(_is_loud(state) for state in rules.states))


def _is_loud(state) -> bool:
    has_loud_builtin = state.control["builtin_output"]
    if has_loud_builtin and (state.pack.accepted.alarms or 0) & ~state.acknowledged:
        return True
    for number in numbers(state):
        _name, severity, _delay_s, own = rule_of(state, number)
        is_wanted = own["output"] if own else has_loud_builtin and severity == "danger"
        if is_wanted and state.states[number] == RAISED:
            return True
    return False


def rule_of(state, number: int) -> tuple:
    """Name, severity and delay of a rule in s, and the owner's rule or None."""
    if number < len(BUILTIN):
        return (BUILTIN[number],) + _BUILTIN[number] + (None,)
    own = state.control["rules"][number - len(BUILTIN)]
    return own["name"], own["severity"], own["delay_s"], own


def numbers(state) -> range:
    """Numbers of the rules that are evaluated."""
    return range(0 if state.control["builtin_rules"] else len(BUILTIN), len(state.states))


def cells_in(bits: int) -> list:
    """Numbers of the cells."""
    return [cell + 1 for cell in range(24) if bits >> cell & 1]


def _evaluate(context, rules, state, now_s: int):
    was = list(state.states)
    for number in numbers(state):
        name, _severity, delay_s, own = rule_of(state, number)
        held = state.cells[number] if state.states[number] >= RAISED else 0
        found = holds(state, number, held) if own is None else own_holds(state, own, held)
        if found is not None:
            state.cells[number] = found
            _step(context, state, number, name, delay_s, now_s)
        elif state.states[number] == PENDING:
            state.states[number] = OK  # the delay begins anew
    if [code >= RAISED for code in was] != [code >= RAISED for code in state.states]:
        rules.is_changed = True
        _show(state)


def _step(context, state, number: int, name: str, delay_s: int, now_s: int):
    """Raise or clear the rule, if it is time."""
    code, bits = state.states[number], state.cells[number]
    if bits and code == OK:
        code = PENDING
        state.since_s[number] = now_s
    elif not bits and code == PENDING:
        code = OK
    if code == PENDING and now_s - state.since_s[number] >= delay_s:
        code = RAISED
        state.since_s[number] = now_s
        _post(context, state, name, True, cells_in(bits))
    elif not bits and code >= RAISED:
        code = OK
        state.since_s[number] = now_s
        _post(context, state, name, False, [])
    state.states[number] = code


def _post(context, state, name: str, is_raised: bool, cells: list):
    of_cells = " of cell %s" % ", ".join([str(cell) for cell in cells]) if cells else ""
    context.log.warning("%s: rule %s%s %s" % (state.pack.name, name, of_cells, "on" if is_raised else "off"))
    context.hub.post("rule", state.pack.name, name, is_raised, cells)


def _show(state):
    """Put the raised rules into the pack's status, the most dangerous first."""
    found = [rule_of(state, number) for number in numbers(state) if state.states[number] >= RAISED]
    state.pack.rules = tuple(["rule:" + rule[0] for severity in _SEVERITIES for rule in found if rule[1] == severity])


def _check_settings(context, rules, state):
    """Keep what changed in the balancer's settings without a command of this device, such as in the maker's app."""
    if state.pack.link != ONLINE:
        return
    status = state.pack.accepted
    now = [status.cells_configured, status.trigger_mv, status.max_balance_ma, status.balancing_enabled]
    before, state.settings = state.settings, now
    if before is None or before == now:
        return
    own = _written(context.hub, rules.seen, state.pack.name)
    for i, name in enumerate(_SETTINGS):
        if before[i] != now[i] and name not in own:
            context.log.info("%s: something else set %s from %s to %s" % (state.pack.name, name, before[i], now[i]))
            event = (context.clock.unix_s(), "settings", state.pack.name, name, "other", before[i], now[i])
            _wait(rules, event + ("changed", ""))
            context.hub.post("settings", state.pack.name, name, now[i])


def _written(hub, seen: int, pack_name: str) -> list:
    """Settings of the pack that commands changed since the event of this number."""
    events = [hub.event(number) for number in range(seen, hub.posted)]
    return [event[3] for event in events if event and event[1] == "settings" and event[2] == pack_name]


def _note_events(context, rules):
    """Note the hub's new events for the event log; an alarm that ended is acknowledged no more."""
    hub = context.hub
    for number in range(rules.seen, hub.posted):
        event = hub.event(number)
        if event is None or event[1] not in _SOURCES:
            continue
        time_s, kind, pack_name, name, value = event[:5]
        if kind == "alarm" and not value:
            for state in rules.states:
                if state.pack.name == pack_name:
                    state.acknowledged &= ~(1 << ALARMS.index(name))
        source = "page" if value == "acknowledged" else _SOURCES[kind]
        cells = ", ".join([str(cell) for cell in event[5]]) if len(event) > 5 else ""
        _wait(rules, (time_s, kind, pack_name, name, source, None, value, "", cells))
    rules.seen = hub.posted


def _wait(rules, event: tuple):
    if len(rules.waiting) < _MAX_WAITING:
        rules.waiting.append(event)
        rules.is_changed = True


def _number(state, name: str):
    for number in numbers(state):
        if rule_of(state, number)[0] == name:
            return number
    return None


def _raised(state) -> dict:
    """Names of the raised rules, and whether they are acknowledged."""
    found = {}
    for number in numbers(state):
        if state.states[number] >= RAISED:
            found[rule_of(state, number)[0]] = state.states[number] == ACKNOWLEDGED
    return found


def _restore(context, state, now_s: int):
    """Go on with the rules that were raised before the restart: they are not raised again."""
    state.is_restored = True
    kept = context.key_values.get(_KEY % state.pack.name)
    for name in kept if isinstance(kept, dict) else ():
        number = _number(state, name)
        if number is not None:
            state.states[number] = ACKNOWLEDGED if kept[name] is True else RAISED
            state.since_s[number] = now_s
            state.cells[number] = NO_CELL
    _show(state)
