"""Local time by a POSIX TZ rule such as "CET-1CEST,M3.5.0,M10.5.0/3". Lazy: loaded to check a rule, and once a day.

Grammar: POSIX.1-2017, section 8.3, with hours from -167 to 167 in a rule's times (RFC 9636, section 3.3.2). A zone with
summer time needs both dates: what counts without them is left to each system.
"""

from evencell.compat import const

_DAY_S = const(86_400)
_HOUR_S = const(3_600)
_MAX_OFFSET_H = const(24)
_MAX_TIME_H = const(167)
_USUAL_TIME_S = const(7_200)  # of a change, where the rule has none
_MONTH_ENDS = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365)  # days of the year


def is_rule(text: str) -> bool:
    """Whether this is a rule."""
    try:
        _parse(text)
    except ValueError:
        return False
    return True


def offset_at(rule: str, unix_s: int) -> tuple[int, int]:
    """Seconds that local time is ahead of UTC, and until when that counts: UNIX seconds, a day later at most."""
    standard_s, summer_s, start, end = _parse(rule)
    offset_s, until_s = standard_s, unix_s + _DAY_S
    if start:
        year = 1970 + (unix_s // _DAY_S * 400 + 200) // 146_097  # near New Year the one before or after it
        changes = []
        for near in (year - 1, year, year + 1):
            # Where both are at once, it is summer time all year (RFC 9636, section 3.3.2): that comes last.
            changes.append((_local_s(end, near) - summer_s, 0, standard_s))
            changes.append((_local_s(start, near) - standard_s, 1, summer_s))
        for at_s, _, after_s in sorted(changes):
            if at_s > unix_s:
                until_s = min(until_s, at_s)
                break
            offset_s = after_s
    return offset_s, until_s


def local_offset(settings: dict, unix_s: int) -> tuple[int, int]:
    """The same by `time` of the configuration: its zone, or without one its `utc_offset_min`."""
    zone = settings["zone"]
    return offset_at(zone, unix_s) if zone else (60 * settings["utc_offset_min"], unix_s + _DAY_S)


def _local_s(date: tuple, year: int) -> int:
    """Local time of a change in this year, in seconds since 1970."""
    kind, month, week, day, time_s = date
    leap = int(year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))
    first = 365 * (year - 1970) + (year - 1969) // 4 - (year - 1901) // 100 + (year - 1601) // 400
    if kind == "M":
        first += _MONTH_ENDS[month - 1] + (leap if month > 2 else 0)
        days = _MONTH_ENDS[month] - _MONTH_ENDS[month - 1] + (leap if month == 2 else 0)
        day = (day - first - 4) % 7 + 7 * (week - 1)  # 1 January 1970 was a Thursday
        if day >= days:
            day -= 7
    elif kind == "J":  # 29 February does not count
        day += leap if day > 59 else 0
        day -= 1
    return (first + day) * _DAY_S + time_s


def _parse(text: str) -> tuple:
    """Standard offset and summer offset in seconds, and the two changes; raises ValueError."""
    west_s, at = _time(text, _after_name(text, 0), _MAX_OFFSET_H)
    standard_s, start, end = -west_s, None, None
    summer_s = standard_s + _HOUR_S
    if at < len(text):
        at = _after_name(text, at)
        if text[at : at + 1] != ",":
            west_s, at = _time(text, at, _MAX_OFFSET_H)
            summer_s = -west_s
        start, at = _date(text, at)
        end, at = _date(text, at)
    if at < len(text):
        raise ValueError
    return standard_s, summer_s, start, end


def _after_name(text: str, at: int) -> int:
    """Where the name ends that begins here: three letters or more, or in <> letters, digits, + and -."""
    is_quoted = text[at : at + 1] == "<"
    start = at = at + is_quoted
    while at < len(text) and _is_in_name(text[at], is_quoted):
        at += 1
    if at - start < 3 or (is_quoted and text[at : at + 1] != ">"):
        raise ValueError
    return at + is_quoted


def _is_in_name(letter: str, is_quoted: bool) -> bool:
    return "a" <= letter <= "z" or "A" <= letter <= "Z" or (is_quoted and (letter in "+-" or "0" <= letter <= "9"))


def _date(text: str, at: int) -> tuple[tuple, int]:
    """A change, as (kind, month, week, day, time in seconds), and where it ends."""
    kind, month, week, time_s = text[at + 1 : at + 2], 0, 0, _USUAL_TIME_S
    if text[at : at + 1] != ",":
        raise ValueError
    if kind == "M":
        month, at = _number(text, at + 2, 1, 12)
        week, at = _number(text, _after(text, at, "."), 1, 5)
        day, at = _number(text, _after(text, at, "."), 0, 6)
    elif kind == "J":
        day, at = _number(text, at + 2, 1, 365)
    else:
        day, at = _number(text, at + 1, 0, 365)
    if text[at : at + 1] == "/":
        time_s, at = _time(text, at + 1, _MAX_TIME_H)
    return (kind, month, week, day, time_s), at


def _time(text: str, at: int, max_hours: int) -> tuple[int, int]:
    """[+-]hh[:mm[:ss]] in seconds, and where it ends."""
    sign = text[at : at + 1]
    hours, at = _number(text, at + (sign in ("+", "-")), 0, max_hours)
    seconds, unit = hours * _HOUR_S, 60
    while unit and text[at : at + 1] == ":":
        number, at = _number(text, at + 1, 0, 59)
        seconds += number * unit
        unit //= 60
    return -seconds if sign == "-" else seconds, at


def _number(text: str, at: int, minimum: int, maximum: int) -> tuple[int, int]:
    """A number of at most three digits, and where it ends."""
    end = at
    while end < len(text) and end < at + 3 and "0" <= text[end] <= "9":
        end += 1
    number = int(text[at:end])  # ValueError without a digit
    if not minimum <= number <= maximum:
        raise ValueError
    return number, end


def _after(text: str, at: int, sign: str) -> int:
    if text[at : at + 1] != sign:
        raise ValueError
    return at + 1
