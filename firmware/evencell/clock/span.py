"""Spans of the day, such as a display's night."""


def is_within(minute: int, span) -> bool:
    """Whether a minute of the day is in a span such as ["22:00", "06:00"]; the end is excluded."""
    start, end = [int(text[:2]) * 60 + int(text[3:]) for text in span]
    if start <= end:
        return start <= minute < end
    return minute >= start or minute < end
