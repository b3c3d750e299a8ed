"""Decides for the W switch (w_output.py): on, off, or a reading; with the reason in words. Lazy.

Switching on in order to read is allowed if the last reading had nothing against balancing; it ends within 30 s unless
a reading has nothing against it again.
"""

from evencell.clock.span import passed_s
from evencell.compat import const
from evencell.pack.limits import MAX_AGE_MS, switch_on_reason
from evencell.pack.low_level import BALANCER_OFF, level_of
from evencell.pack.pack import ASLEEP, OFFLINE, ONLINE
from evencell.runtime.lazy import call

_SILENT_S = const(120)  # then a balancer that is on has stopped answering
_CYCLE_S = const(10)  # how long it is off then
_DECISION_S = const(120)  # for the policy to decide, beyond the guard's time
_UNDECIDED_S = const(1200)  # for a policy that needs to know whether the pack rests
_LOW_FACTOR = const(6)  # times the guard's interval, for a low pack
_PAUSE_S = const(600)  # before the second cycle, and doubled each time
_DAY_S = const(86_400)
_MAX_CYCLES = const(8)
_KEEP_S = const(600)  # at least, between two times that the flash keeps a good reading
_KEY = "w:%s"
_EVENT_LOG = "evencell.control.event_log"
_LOW_PACK = "evencell.control.low_pack"
_MEASURE = "evencell.control.w_measure"


def restore(w, context):
    """Take what is kept, and give a balancer that the resistor keeps off its link."""
    kept = context.key_values.get(_KEY % w.pack.name)
    if isinstance(kept, list) and len(kept) == 3 and all(type(number) is int and number >= 0 for number in kept):
        w.is_good = kept[0] == 1
        w.cycles, w.cycled_s = min(kept[1], _MAX_CYCLES), kept[2]
    policy = w.policy
    if policy and context.config["control"]["policy"]["at_start"] == "unchanged":
        policy.is_on = w.config["resistor"] == "on"
    if w.config["resistor"] == "off":
        w.pack.link = ASLEEP
        w.next_s = _cycle_left_s(w, context)


def step(w, context, now_s: int) -> bool:
    """One step; returns whether to switch off on purpose."""
    age_ms = w.pack.age_ms(context.clock)
    is_new = w.pack.link == ONLINE and w.pack.read_ms >= 1000 * w.since_s and w.pack.sequence > 0
    is_new = is_new and age_ms <= MAX_AGE_MS  # a poll that waits for its answer changes nothing
    limits = context.config["control"]["limits"]
    objection = switch_on_reason(w.pack.accepted, age_ms, w.settings["chemistry"], limits).rstrip(".") if is_new else ""
    if is_new:
        _note(w, context, now_s, not objection)
    if w.deadline_s:
        return _try(w, context, now_s, is_new, objection)
    if w.level or (w.level is None and w.config["resistor"] == "on"):
        return _stay_on(w, context, now_s, is_new, objection)
    _wait(w, now_s)
    return False


def hasten(w, context, now_s: int):
    """Have a balancer that is off read as soon as that is allowed."""
    w.next_s = min(w.next_s, now_s + _cycle_left_s(w, context))


def _note(w, context, now_s: int, is_good: bool):
    """Note what the reading says of switching on. What is kept is bad at once, and good again only after a while."""
    if is_good == w.is_good:
        return
    if is_good and w.kept_s is not None and now_s - w.kept_s < _KEEP_S:
        return
    w.is_good = is_good
    w.kept_s = now_s
    _keep(w, context)


def _try(w, context, now_s: int, is_new: bool, objection: str) -> bool:
    """A trial: the reading decides."""
    if not is_new:
        if now_s >= w.deadline_s:
            w.drive(False)
            w.next_s = now_s + (_pause_s(w) if w.is_cycle else _noted_pause_s(w, context, now_s))
            w.is_cycle = False
            w.set_link(None)  # so that it is polled: it does not answer, which is worth an alarm
            w.reason = "off: no reading within 30 s after it was switched on (%d times)" % w.cycles
            _report(w, context, "no_answer")
        return False
    w.deadline_s = 0
    w.is_cycle = False
    if w.answered_s is None:
        w.answered_s = now_s
    if objection:
        w.next_s = now_s
        w.reason = "off: " + objection
        _report(w, context, "unsafe")
        return True
    w.reason = "on: the reading has nothing against it"
    return False


def _stay_on(w, context, now_s: int, is_new: bool, objection: str) -> bool:
    if not is_new:
        return _is_to_cycle(w, context, now_s)
    policy = None if w.policy is None or w.policy.preset == "off" else w.policy
    is_low = w.pack.low_level >= BALANCER_OFF
    if objection and (policy or is_low):
        w.reason = "off: " + objection
        _report(w, context, "unsafe")
        return True
    if w.level is None:
        if objection:
            w.reason = "released, its resistor keeps the balancer on: " + objection
            return False
        w.drive(True)
    if w.answered_s is None:
        w.answered_s = now_s
    if is_low:
        return _is_low_off(w, context, now_s)
    if policy is None:
        w.reason = "on: no policy switches it"
        return False
    is_measuring = w.config["measure"] and call(_MEASURE, "step", w, context, w.pack.accepted, _is_low(w.pack))
    is_off = _is_policy_off(w, now_s)
    if is_off and is_measuring:
        w.reason = "on for half a day, to measure what the balancer takes from the pack"
        return False
    return is_off


def _is_policy_off(w, now_s: int) -> bool:
    """Whether the policy wants it off, and the guard has read for long enough."""
    policy, read_s = w.policy, now_s - w.answered_s
    guard_s = w.config["guard_on_s"]
    if policy.decided_s is None or policy.decided_s < w.answered_s:
        w.reason = "on: the policy has not decided yet"
        return read_s > guard_s + _DECISION_S
    if policy.is_on:
        w.reason = "on: the policy wants balancing"
        return False
    if read_s < (_UNDECIDED_S if policy.is_undecided else guard_s):
        w.reason = "on to read: " + policy.reason.partition(": ")[2]
        return False
    w.next_s = _next_reading_s(w, now_s)
    w.reason = policy.reason
    return True


def _is_low_off(w, context, now_s: int) -> bool:
    """Off for a low pack, whatever the policy wants, once the guard has read for long enough, and no recovery."""
    low = context.hub.low
    if now_s - w.answered_s < w.config["guard_on_s"] or (low and call(_LOW_PACK, "is_recovering", low)):
        w.reason = "on to read: the pack is low"
        return False
    w.next_s = _next_reading_s(w, now_s)
    w.reason = "off: the pack is low"
    return True


def _next_reading_s(w, now_s: int) -> int:
    """When the guard reads again."""
    guard_s, interval_s = w.config["guard_on_s"], w.config["guard_every_s"]
    if _is_low(w.pack):
        interval_s *= _LOW_FACTOR
    return now_s + max(interval_s - guard_s, guard_s)


def _is_low(pack) -> bool:
    limits = pack.limits
    return bool(pack.low_level or level_of(pack.accepted, limits[0], limits[1], limits[2], 0))


def _is_to_cycle(w, context, now_s: int) -> bool:
    """Switch off for a moment a balancer that is on and has stopped answering, if that is allowed."""
    silent_s = now_s - (w.pack.read_ms // 1000 if w.pack.sequence else 0)
    if w.pack.link != OFFLINE or min(silent_s, now_s - w.since_s) < _SILENT_S:
        return False
    if not w.is_good:
        w.reason = "the balancer does not answer, and no reading says that it may be switched on again"
        return False
    left_s = _cycle_left_s(w, context)
    if left_s:
        w.reason = "the balancer does not answer; power-cycled %d times, again in %d min" % (w.cycles, left_s // 60 + 1)
        return False
    _noted_pause_s(w, context, now_s)
    w.drive(False)
    w.is_cycle = True
    w.next_s = now_s + _CYCLE_S
    w.reason = "off for %d s: the balancer does not answer" % _CYCLE_S
    _report(w, context, "power_cycle")
    return False


def _wait(w, now_s: int):
    """Off: switch on once it is time, and if nothing is against it."""
    if w.is_insisted:
        w.switch_on()
    elif not w.is_good:
        if w.level is None and w.pack.sequence == 0:
            w.reason = "released, its resistor keeps the balancer off: no reading says that it may be switched on"
    elif now_s >= w.next_s:
        w.switch_on()
        w.reason = "on to read"


def _noted_pause_s(w, context, now_s: int) -> int:
    """Count a cycle, and keep that; the pause before the next one."""
    if passed_s(context.clock, w.cycled_up_s, w.cycled_s) > _DAY_S:
        w.cycles = 0
    w.cycles = min(w.cycles + 1, _MAX_CYCLES)
    w.cycled_s, w.cycled_up_s = context.clock.unix_s() or 0, now_s
    _keep(w, context)
    return _pause_s(w)


def _pause_s(w) -> int:
    return min(_PAUSE_S << (w.cycles - 1), _DAY_S) if w.cycles else 0


def _cycle_left_s(w, context) -> int:
    """Seconds until the next cycle is allowed."""
    return max(0, _pause_s(w) - passed_s(context.clock, w.cycled_up_s, w.cycled_s))


def _keep(w, context):
    context.key_values.put(_KEY % w.pack.name, [int(w.is_good), w.cycles, w.cycled_s])


def _report(w, context, what: str):
    context.log.warning("%s: W %s" % (w.pack.name, w.reason))
    context.hub.post("w", w.pack.name, what, w.cycles)
    event = (context.clock.unix_s(), "w", w.pack.name, what, "policy", None, w.cycles, what, w.reason)
    call(_EVENT_LOG, "append", context, [event])
