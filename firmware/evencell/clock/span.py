"""Spans of time: since a moment that was kept, and of the day, such as a display's night."""


def passed_s(clock, up_s: int | None, unix_s: int) -> int:
    """Seconds since a moment. `up_s`: its uptime, None where it was before the start; `unix_s`: its UNIX time, or 0.

    By the uptime, which never jumps, else by the clock. Where that is not set, or was set back, since the start: the
    moment may have been just before that.
    """
    uptime_s, now_s = clock.uptime_ms() // 1000, clock.unix_s()
    if up_s is not None:
        return uptime_s - up_s
    return now_s - unix_s if now_s and 0 < unix_s <= now_s else uptime_s


def is_within(minute: int, span) -> bool:
    """Whether a minute of the day is in a span such as ["22:00", "06:00"]; the end is excluded."""
    start, end = [int(text[:2]) * 60 + int(text[3:]) for text in span]
    if start <= end:
        return start <= minute < end
    return minute >= start or minute < end
