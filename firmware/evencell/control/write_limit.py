"""Limit of what rules and policies write: once in 10 minutes and 24 times a day, across restarts. Lazy.

Whether settings wear the balancer's memory is not known. In the key-value store each pack has a list: number of
writes, UNIX time of the first one of the day, and of the last one (0 where no clock was set). Within a run uptimes
count (state.py): a clock may be missing, or jump.
"""

from evencell.clock.span import passed_s
from evencell.compat import const

_PAUSE_S = const(600)
_MAX_A_DAY = const(24)
_DAY_S = const(86_400)
_KEY = "writes:%s"


def refusal(context, state) -> str | None:
    """Why nothing may be written now, in words; None if it may be. `state`: of the pack's policy.

    Without a clock the last write may have been just before the start, and the day is counted from the start.
    """
    left_s = pause_s(context, state)
    if left_s:
        return "written within the last 10 minutes: again in %d s" % left_s
    count, first_s, _ = _kept(context, state.pack.name)
    if count >= _MAX_A_DAY and not _is_new_day(context, state, first_s):
        return "written %d times within a day, which is the limit: again once the day is over" % _MAX_A_DAY
    return None


def pause_s(context, state) -> int:
    """Seconds that are left of the pause after the last write."""
    count, _, last_s = _kept(context, state.pack.name)
    return max(0, _PAUSE_S - passed_s(context.clock, state.written_s, last_s)) if count else 0


def note(context, state):
    """Count a write, before it is made."""
    count, first_s, _ = _kept(context, state.pack.name)
    now_s, uptime_s = context.clock.unix_s() or 0, context.clock.uptime_ms() // 1000
    if not count or _is_new_day(context, state, first_s):
        count, first_s, state.first_written_s = 0, now_s, uptime_s
    state.written_s = uptime_s
    context.key_values.put(_KEY % state.pack.name, [count + 1, first_s or now_s, now_s])


def _is_new_day(context, state, first_s: int) -> bool:
    return passed_s(context.clock, state.first_written_s, first_s) >= _DAY_S


def _kept(context, pack_name: str) -> tuple:
    """What is kept; a damaged entry counts as a full day of writes. What a clock dated that was set back is now."""
    found = context.key_values.get(_KEY % pack_name)
    if found is None:
        return 0, 0, 0
    if not isinstance(found, list) or len(found) != 3 or any(type(each) is not int or each < 0 for each in found):
        return _MAX_A_DAY, 0, 0
    now_s = context.clock.unix_s()
    if now_s and max(found[1:]) > now_s:
        found = [found[0], min(found[1], now_s), min(found[2], now_s)]
        context.key_values.put(_KEY % pack_name, found)
    return tuple(found)
