"""Rules: raises and clears each once, after its delay, and keeps that over a restart, with the event log. Lazy."""

from evencell.compat import const
from evencell.control.event_notes import note, note_missed, wait
from evencell.control.rule_conditions import NO_CELL, cell_of, has_no_such_cell, holds, own_holds
from evencell.control.rule_state import ACKNOWLEDGED, BUILTIN, NO_SUCH_CELL, OK, PENDING, RAISED
from evencell.pack.alarms import ALARMS
from evencell.pack.pack import ONLINE
from evencell.runtime.lazy import call

# Of the built-in rules: severity, and for how many seconds the condition must hold.
_BUILTIN = (("danger", 10), ("danger", 10), ("danger", 60), ("warning", 60), ("warning", 300), ("info", 0))
_SEVERITIES = ("danger", "warning", "info")
_SAVE_S = const(60)  # between two writes to the flash, however often an alarm comes and goes
_KEY = "rules:%s"
_EVENT_LOG = "evencell.control.event_log"
_POLICY = ":policy"  # no name of a rule
_SETTINGS = ("cell_count", "trigger_mv", "max_balance_ma", "balancing_enabled")
_FAULT = "control.rules: %s is about cell %d, and %s has %d cells: correct its field; it is never raised"


class RuleError(Exception):
    """There is no such rule, or it is not raised: one sentence."""


def tick(context, rules):
    """Evaluate all rules of all packs, and keep what has happened."""
    now_s = context.clock.uptime_ms() // 1000
    note(context, rules)
    note_missed(context, rules)
    for state in rules.states:
        _check_settings(context, rules, state)
    rules.checked = context.hub.posted
    for state in rules.states:
        _evaluate(context, rules, state, now_s)
    note(context, rules)
    drive_output(rules)
    if rules.is_changed and (rules.saved_s is None or now_s - rules.saved_s >= _SAVE_S):
        save(context, rules)


def acknowledge(context, rules, state, name: str, source: str = "page"):
    """Acknowledge the raised rule or the balancer's alarm of this name; raises RuleError. `source`: as of a write."""
    if name in ALARMS:
        bit = 1 << ALARMS.index(name)
        if not (state.pack.accepted.alarms or 0) & bit:
            raise RuleError("This alarm is not raised.")
        state.acknowledged |= bit
        _note_acknowledgement(context, rules, state, name, source)
        return
    number = _number(state, name)
    if number is None:
        raise RuleError("There is no rule of this name.")
    if state.states[number] not in (RAISED, ACKNOWLEDGED):
        raise RuleError("This rule is not raised.")
    if state.states[number] == RAISED:
        state.states[number] = ACKNOWLEDGED
        _note_acknowledgement(context, rules, state, name, source)


def unacknowledged(state) -> list:
    """Names of the balancer's alarms, and of the rules, that are raised and not acknowledged."""
    alarms = (state.pack.accepted.alarms or 0) & ~state.acknowledged
    found = [name for bit, name in enumerate(ALARMS) if alarms >> bit & 1]
    return found + [rule_of(state, number)[0] for number in numbers(state) if state.states[number] == RAISED]


def _note_acknowledgement(context, rules, state, name: str, source: str):
    note(context, rules)
    wait(rules, (context.clock.unix_s(), "rule", state.pack.name, name, source, None, "acknowledged", "", ""))
    context.log.info("%s: rule %s acknowledged" % (state.pack.name, name))
    context.hub.post("rule", state.pack.name, name, "acknowledged")
    save(context, rules)
    drive_output(rules)


def save(context, rules):
    """Keep events and the raised rules on the flash."""
    note(context, rules)
    if rules.waiting:
        call(_EVENT_LOG, "append", context, [])  # it takes what waits
    for state in rules.states:
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
        if own and has_no_such_cell(state, own["field"]) != (state.states[number] == NO_SUCH_CELL):
            _change_cell(context, state, number, own)
        if state.states[number] == NO_SUCH_CELL:
            continue
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


def _change_cell(context, state, number: int, own: dict):
    """Say that the rule is about a cell that the pack does not have, or that it has it again."""
    name, pack, faults = own["name"], state.pack, context.config_faults
    if state.states[number] == NO_SUCH_CELL:
        state.states[number] = OK
        beginning = "control.rules: %s is about" % name
        faults[:] = [fault for fault in faults if not (fault.startswith(beginning) and pack.name in fault)]
        return
    if state.states[number] >= RAISED:
        _post(context, state, name, False, [])
    state.states[number] = NO_SUCH_CELL
    faults.append(_FAULT % (name, cell_of(own["field"]), pack.name, pack.accepted.slots))
    context.log.warning("configuration: " + faults[-1])
    context.hub.post("config", None, "control.rules", faults[-1])


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
    of_cells = ": cells %s" % ", ".join([str(cell) for cell in cells]) if cells else ""
    context.log.warning("%s: rule %s %s%s" % (state.pack.name, name, "raised" if is_raised else "cleared", of_cells))
    context.hub.post("rule", state.pack.name, name, is_raised, cells)


def _show(state):
    """Put the raised rules into the pack's status, the most dangerous first."""
    found = [rule_of(state, number) for number in numbers(state) if state.states[number] >= RAISED]
    state.pack.rules = tuple(["rule:" + rule[0] for severity in _SEVERITIES for rule in found if rule[1] == severity])


def _check_settings(context, rules, state):
    """Keep what changed in the balancer's settings without a command of this device, such as in the maker's app."""
    own = _written(context.hub, rules.checked, state.pack.name)
    before, status = state.settings, state.pack.accepted
    if state.pack.link == ONLINE:
        now = [status.cells_configured, status.trigger_mv, status.max_balance_ma, status.balancing_enabled]
    elif before and own:
        now = list(before)
    else:
        return
    state.settings = now
    for i, name in enumerate(_SETTINGS):
        if name in own:
            now[i] = None  # not compared yet: the reading that shows a command's value comes after its event
        elif before and before[i] is not None and before[i] != now[i]:
            context.log.info("%s: something else set %s from %s to %s" % (state.pack.name, name, before[i], now[i]))
            event = (context.clock.unix_s(), "settings", state.pack.name, name, "other", before[i], now[i])
            wait(rules, event + ("changed", ""))
            context.hub.post("settings", state.pack.name, name, now[i])


def _written(hub, seen: int, pack_name: str) -> list:
    """Settings of the pack that commands changed since the event of this number."""
    events = [hub.event(number) for number in range(seen, hub.posted)]
    return [event[3] for event in events if event and event[1] == "settings" and event[2] == pack_name]


def _number(state, name: str):
    for number in numbers(state):
        if rule_of(state, number)[0] == name:
            return number
    return None


def _raised(state) -> dict:
    """Names of the raised rules and alarms, and whether they are acknowledged; and what the policy is."""
    found = {} if state.policy is None else {_POLICY: state.policy}
    for bit, name in enumerate(ALARMS):
        if state.alarms >> bit & 1:
            found[name] = bool(state.acknowledged >> bit & 1)
    for number in numbers(state):
        if state.states[number] >= RAISED:
            found[rule_of(state, number)[0]] = state.states[number] == ACKNOWLEDGED
    return found


def restore(context, rules):
    """Go on with what was raised before the restart: it is not raised again."""
    for state in rules.states:
        kept = context.key_values.get(_KEY % state.pack.name)
        kept = kept if isinstance(kept, dict) else {}
        state.policy = kept.get(_POLICY)
        for name in kept:
            number = _number(state, name)
            if number is not None:
                state.states[number] = ACKNOWLEDGED if kept[name] is True else RAISED
                state.since_s[number] = context.clock.uptime_ms() // 1000
                state.cells[number] = NO_CELL
            elif name in ALARMS:
                state.alarms |= 1 << ALARMS.index(name)
                state.acknowledged |= (kept[name] is True) << ALARMS.index(name)
        _show(state)
