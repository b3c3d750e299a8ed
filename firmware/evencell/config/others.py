"""Kinds of configuration values that few have: what each accepts. Lazy, of kinds.py."""

from evencell.config.kinds import are_digits, is_text
from evencell.runtime.lazy import call

_RULE_FIELDS = (
    "any_cell_mv", "highest_mv", "lowest_mv", "pack_mv", "average_mv", "delta_mv", "temperature_c", "balance_ma",
    "cells_detected",
)  # fmt: skip


def _span(value) -> bool:
    """From one time of the day to another."""
    return isinstance(value, list) and len(value) == 2 and all(map(_is_time, value)) and value[0] != value[1]


def _is_time(value) -> bool:
    if not is_text(value, 5, 5) or value[2] != ":":
        return False
    hours, minutes = value[:2], value[3:]
    return hours.isdigit() and minutes.isdigit() and hours < "24" and minutes < "60"


def _zone(value) -> bool:
    """A POSIX TZ rule."""
    return is_text(value, 4, 64) and call("evencell.clock.zone", "is_rule", value)


def _country(value) -> bool:
    """As ISO 3166-1 abbreviates it."""
    return is_text(value, 2, 2) and all("A" <= letter <= "Z" for letter in value)


def _pins(value) -> bool:
    """Numbers by name; None takes one away. What the board makes of them is judged there (boards/chips.py)."""
    return (
        isinstance(value, dict) and len(value) <= 16 and all(pin is None or type(pin) is int for pin in value.values())
    )


def _rule_field(value) -> bool:
    """A field of a status that a rule may be about, or the voltage of one cell, or of any."""
    if not is_text(value, 1, 16):
        return False
    first, _, last = value.partition("_")
    if first == "cell" and last.endswith("_mv"):
        return are_digits(last[:-3]) and len(last) < 6 and 1 <= int(last[:-3]) <= 24
    return value in _RULE_FIELDS


KINDS = {"span": _span, "zone": _zone, "country": _country, "pins": _pins, "rule_field": _rule_field}
