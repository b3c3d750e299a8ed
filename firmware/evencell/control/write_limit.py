"""Limit of what rules and policies write: once in 10 minutes and 24 times a day, across restarts. Lazy.

Whether settings wear the balancer's memory is not known. In the key-value store each pack has a list: number of
writes, UNIX time of the first one of the day, and of the last one (0 where no clock was set).
"""

from evencell.compat import const

_PAUSE_S = const(600)
_MAX_A_DAY = const(24)
_DAY_S = const(86_400)
_KEY = "writes:%s"


def refusal(context, pack_name: str) -> str | None:
    """Why nothing may be written now, in words; None if it may be.

    Without a clock the last write may have been just before the start, and the day is counted from the start.
    """
    count, first_s, last_s = _kept(context, pack_name)
    now_s, uptime_s = _now_s(context), context.clock.uptime_ms() // 1000
    passed_s = now_s - last_s if now_s and last_s else uptime_s
    if count and 0 <= passed_s < _PAUSE_S:
        return "written within the last 10 minutes: again in %d s" % (_PAUSE_S - passed_s)
    if count >= _MAX_A_DAY and not _is_new_day(now_s, first_s, uptime_s):
        return "written %d times within a day, which is the limit: again once the day is over" % _MAX_A_DAY
    return None


def note(context, pack_name: str):
    """Count a write, before it is made."""
    count, first_s, _ = _kept(context, pack_name)
    now_s = _now_s(context)
    if not count or _is_new_day(now_s, first_s, context.clock.uptime_ms() // 1000):
        count, first_s = 0, now_s
    context.key_values.put(_KEY % pack_name, [count + 1, first_s or now_s, now_s])


def _is_new_day(now_s: int, first_s: int, uptime_s: int) -> bool:
    if now_s and first_s:
        return not 0 <= now_s - first_s < _DAY_S
    return uptime_s >= _DAY_S


def _now_s(context) -> int:
    return context.clock.unix_s() or 0


def _kept(context, pack_name: str) -> tuple:
    """What is kept; a damaged entry counts as a full day of writes."""
    found = context.key_values.get(_KEY % pack_name)
    if found is None:
        return 0, 0, 0
    if isinstance(found, list) and len(found) == 3 and all(type(number) is int and number >= 0 for number in found):
        return tuple(found)
    return _MAX_A_DAY, 0, 0
