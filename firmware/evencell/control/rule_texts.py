"""What rules and alarms say of themselves: state, sentence and remedy of each (docs/rules.md). Lazy."""

from evencell.control.rule_conditions import cell_of, delta_limit
from evencell.control.rule_state import ACKNOWLEDGED, NO_SUCH_CELL, PENDING, RAISED
from evencell.control.rules import cells_in, numbers, rule_of
from evencell.control.values import value_of
from evencell.pack.alarms import ALARMS, cells_of
from evencell.pack.limits import limits_of

_STATES = ("ok", "no_such_cell", "pending", "raised", "raised")
# Table 2 of the balancer's manual; the third and fourth line of it are one alarm here.
_ALARM_TEXTS = {
    "overvoltage": ("the balancer reports an overvoltage", "Stop charging, then measure the cells."),
    "cell_voltage": (
        "a cell is outside 1-5 V or gives no reading, or the pack voltage is not the sum of the cells",
        "Fuse out, P2 out, then check the balance wires one by one.",
    ),
    "temperature": ("the temperature is outside -20 to 70 °C", "Stop charging, then check the pack and the probe."),
    "wire_resistance": (
        "the balancer reports that a wire's resistance is too high",
        "Fuse out, P2 out, then check the balance wires and their connectors.",
    ),
    "cell_count": (
        "the balancer detects another number of cells than it is set to",
        "Check the setting. If it is right: fuse out, P2 out, then check the balance wires.",
    ),
}
# Words of the fields of own rules, but for those of cells.
_FIELDS = {
    "highest_mv": "highest cell at %g mV",
    "lowest_mv": "lowest cell at %g mV",
    "pack_mv": "pack at %g mV",
    "average_mv": "average cell at %g mV",
    "delta_mv": "delta at %g mV",
    "temperature_c": "temperature at %g °C",
    "balance_ma": "balance current at %g mA",
    "cells_detected": "cells detected: %g",
}
_REMEDIES = {
    "cell_high": "Stop charging, then measure this cell. evencell disconnects nothing.",
    "cell_low": "Stop discharging, then charge the pack, and watch this cell.",
    "charge_temperature": "Stop charging until the pack is within these limits.",
    "no_answer": "See the line's verdict and its remedy.",
    "delta": "Let the pack balance at the top of its charge; if it comes back, see which cell is weak.",
    "drift": "See the health of the cells; it may be weak, or its balance wire is bad.",
}
_NO_CELL_REMEDY = "Correct the field of this rule: it is never raised."


def listing(state, now_s: int):
    """Generate a dict for each of the balancer's alarms that is raised, and for each rule."""
    status = state.pack.accepted
    for bit, name in enumerate(ALARMS):
        if (status.alarms or 0) >> bit & 1:
            yield {
                "name": name,
                "state": "raised",
                "acknowledged": bool(state.acknowledged >> bit & 1),
                "severity": "danger",
                "text": _ALARM_TEXTS[name][0],
                "remedy": _ALARM_TEXTS[name][1],
                "cells": cells_of(status, name),
                "since_s": None,
            }
    for number in numbers(state):
        name, severity, _delay_s, own = rule_of(state, number)
        code = state.states[number]
        text, remedy = _words(state, number, name, own)
        yield {
            "name": name,
            "state": "unknown" if code < PENDING and text and not own else _STATES[code],
            "acknowledged": code == ACKNOWLEDGED,
            "severity": severity,
            "text": text,
            "remedy": remedy,
            "cells": cells_in(state.cells[number]) if code >= PENDING else [],
            "since_s": now_s - state.since_s[number] if code >= PENDING else None,
        }


def _words(state, number: int, name: str, own) -> tuple:
    """Sentence and remedy of a rule that is raised, or can't be evaluated; else None."""
    code = state.states[number]
    if code == NO_SUCH_CELL:
        facts = state.pack.accepted.slots, cell_of(own["field"])
        return "the pack has %d cells, and no cell %d" % facts, _NO_CELL_REMEDY
    if code < RAISED:
        return None if own or code else _why_unknown(state, name), None
    return _sentence(state, name, own, cells_in(state.cells[number])), _REMEDIES.get(name)


def _why_unknown(state, name: str) -> str | None:
    """Why a built-in rule can't be evaluated, or None."""
    if name == "drift":
        return "judged once a day, from a month of history" if state.drifting is None else None
    if name in ("cell_high", "cell_low", "charge_temperature"):
        chemistry = state.config["chemistry"]
        limits = limits_of(chemistry, state.control["limits"])
        if limits is None or (name == "charge_temperature" and None in limits[4:]):
            return "the limits of %s cells are not known: set them in control.limits" % chemistry
    return None


def _sentence(state, name: str, own, cells: list) -> str:
    """What is the matter, by the last reading."""
    status = state.pack.accepted
    if own:
        return own["text"] or _own_sentence(status, own, cells)
    if name == "no_answer":
        return "the balancer gives no answer"
    if name == "drift":
        return "cell %s drifts away from the others at rest" % (_listed(cells) or "?")
    if status.pack_mv is None:
        return name
    limits = limits_of(state.config["chemistry"], state.control["limits"])
    if name == "delta":
        limit_mv = delta_limit(state, status.average_mv)
        return "delta %d mV, and at this state of charge more than %d mV is too large" % (status.delta_mv, limit_mv)
    if limits is None:
        return name
    if name == "charge_temperature":
        return "the pack is charging outside %d to %d °C" % limits[4:6]
    word, limit_mv = ("above", limits[1]) if name == "cell_high" else ("below", limits[0])
    return "%s, %s %d mV" % (_voltages(status, cells), word, limit_mv)


def _own_sentence(status, own: dict, cells: list) -> str:
    words = _FIELDS.get(own["field"], "%g mV")
    value = value_of(status, own["field"]) if own["field"] in _FIELDS else None
    text = _voltages(status, cells) if cells else "no reading yet" if value is None else words % value
    number = words[words.index("%") :]  # with its unit
    above, below = [own[key] is not None and number % own[key] for key in ("above", "below")]
    if above and below:
        return "%s, to be reported above %s or below %s" % (text, above, below)
    return "%s, to be reported above %s" % (text, above) if above else "%s, to be reported below %s" % (text, below)


def _voltages(status, cells: list) -> str:
    voltages = _listed([status.cells_mv[cell - 1] for cell in cells])
    return ("cell %s: %s mV" if len(cells) == 1 else "cells %s: %s mV") % (_listed(cells), voltages)


def _listed(cells: list) -> str:
    return ", ".join([str(cell) for cell in cells])
