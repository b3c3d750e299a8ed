"""Everything a status says, as Prometheus reads it: text format 0.0.4, or OpenMetrics 1.0 where that is asked for.

In memory only while it is sent. Sources of the formats:
https://prometheus.io/docs/instrumenting/exposition_formats and https://prometheus.io/docs/specs/om/open_metrics_spec
"""

from evencell.forward.status_json import LINE_COUNTERS
from evencell.pack.acceptance import REASONS
from evencell.pack.alarms import ALARMS
from evencell.pack.field_meanings import MEANINGS
from evencell.pack.fields import FIELDS
from evencell.pack.pack import LINKS
from evencell.pack.status import BALANCE_STATES

_TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_OPEN_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"

# A kind of field → the base unit, which is also the end of its name here.
_UNITS = {"voltage": "volts", "cells": "volts", "current": "amperes", "temperature": "celsius"}
# Kinds with a label beside the pack: its name, and every value it has. The one that holds is 1, any other 0.
_CHOICES = {"balance_state": ("state", BALANCE_STATES), "alarms": ("alarm", ALARMS)}
_ENDINGS = ("seconds", "bytes", "dbm")
# Whole numbers of the device: the key they stand under, or none; their own key; their name here; what they are.
_FIGURES = (
    ("", "uptime_s", "uptime_seconds", "Time since the start"),
    ("", "heap_free", "heap_free_bytes", "Free heap of MicroPython"),
    ("", "network_heap_free", "network_heap_free_bytes", "Free heap of the network"),
    ("", "network_heap_largest", "network_heap_largest_bytes", "Largest free block of the network's heap"),
    ("", "wifi_rssi", "wifi_rssi_dbm", "Signal strength"),
    ("", "crashes", "crashes", "Failures kept in crashes.json"),
    ("mqtt", "sent", "mqtt_sent_total", "Messages that the broker took"),
    ("mqtt", "dropped", "mqtt_dropped_total", "Events that it never got"),
    ("influx", "waiting", "influx_waiting", "Readings that wait for the store"),
    ("influx", "sent", "influx_sent_total", "Readings that the store took"),
    ("influx", "dropped", "influx_dropped_total", "Readings that it never got"),
    ("journal", "waiting", "journal_waiting", "Readings that somebody has yet to take"),
    ("journal", "bytes", "journal_bytes", "What of them is on the flash"),
    ("journal", "thinned", "journal_thinned_total", "Readings that became minutes or hours"),
    ("journal", "dropped", "journal_dropped_total", "Readings that nobody got"),
)
_ESCAPES = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"))


def content_type(accept: str) -> str:
    """The answer's type for a request's `Accept`."""
    return _OPEN_TYPE if "application/openmetrics-text" in accept else _TEXT_TYPE


def pieces(device: dict, packs: list, restarts: dict, content_type: str):
    """Generates the answer, a line or a few at a time.

    `device` and `packs` are those of /api/v1/status, made in one go: a reading that comes meanwhile changes nothing.
    `restarts` is that of /healthz.
    """
    text = Text(content_type == _OPEN_TYPE)
    yield from _device(text, device)
    yield from _restarts(text, restarts)
    yield from _fields(text, packs)
    yield from _packs(text, packs)
    if text.is_open:
        yield "# EOF\n"


class Text:
    """How this format writes the head of a family."""

    def __init__(self, is_open: bool):
        self.is_open = is_open

    def head(self, name: str, kind: str, meaning: str, unit: str = "") -> str:
        """HELP, TYPE and UNIT. OpenMetrics calls a family by its name without the ending of its kind."""
        if not self.is_open:
            kind = "gauge" if kind == "info" else kind
            return "# HELP evencell_%s %s.\n# TYPE evencell_%s %s\n" % (name, meaning, name, kind)
        if kind != "gauge":
            name = name.rsplit("_", 1)[0]
        head = "# HELP evencell_%s %s.\n# TYPE evencell_%s %s\n" % (name, meaning, name, kind)
        return head + "# UNIT evencell_%s %s\n" % (name, unit) if unit else head


def _sample(name: str, labels, value) -> str:
    """One line. `labels` are pairs; whole numbers are written as such, others with three digits at most."""
    shown = ",".join(['%s="%s"' % (label, _escaped(text)) for label, text in labels])
    return "evencell_%s%s %s\n" % (name, "{%s}" % shown if shown else "", value)


def _escaped(text: str) -> str:
    for character, escape in _ESCAPES:
        text = text.replace(character, escape)
    return text


def _thousandth(value: int) -> str:
    """Volts of millivolts, amperes of milliamperes, seconds of milliseconds: exactly, which no float is on a board."""
    return "%d.%03d" % (value // 1000, value % 1000)


def _device(text: Text, device: dict):
    labels = [(label, str(device[label])) for label in ("id", "name", "board", "profile", "reset_cause")]
    labels.append(("version", device["firmware"]))
    yield text.head("device_info", "info", "What this device is")
    yield _sample("device_info", labels, 1)
    yield from _figure(text, "config_faults", "Faults of the configuration", len(device["config_faults"]))
    yield from _figure(text, "safe_mode", "Whether safe mode is on", 0 if device["safe_mode"] is None else 1)
    mqtt = device["mqtt"]
    if mqtt:
        is_connected = 1 if mqtt["state"] == "connected" else 0
        yield from _figure(text, "mqtt_connected", "Whether there is a connection to the broker", is_connected)
    for section, key, name, meaning in _FIGURES:
        figures = device[section] if section else device
        if figures and figures[key] is not None:
            yield from _figure(text, name, meaning, figures[key])


def _figure(text: Text, name: str, meaning: str, value: int):
    """A family of one line. Its name ends with its unit, or with what makes it a counter."""
    ending = name.rsplit("_", 1)[-1]
    yield text.head(name, "counter" if ending == "total" else "gauge", meaning, ending if ending in _ENDINGS else "")
    yield _sample(name, (), value)


def _restarts(text: Text, restarts: dict):
    yield text.head("part_restarts_total", "counter", "How often a part of the firmware was started again")
    for part in restarts:
        yield _sample("part_restarts_total", (("part", part),), restarts[part])


def _fields(text: Text, packs: list):
    """The fields of every pack's reading, family by family."""
    for field, kind in FIELDS:
        meaning = MEANINGS[field]
        key = "temperature_c" if kind == "temperature" else field
        unit = _UNITS.get(kind, "")
        name = field.rsplit("_", 1)[0] + "_" + unit if unit else field
        if kind == "cells":
            name = "cell_volts"
        elif kind == "alarms":
            name = "alarm"
        yield text.head(name, "gauge", meaning, unit)
        for status in packs:
            if status[key] is not None:
                yield from _values(name, kind, (("pack", status["pack"]),), status[key])


def _values(name: str, kind: str, pack: tuple, value):
    """The lines of one field of one pack."""
    if kind == "cells":
        for cell, cell_mv in enumerate(value, 1):
            if cell_mv is not None:
                yield _sample(name, pack + (("cell", str(cell)),), _thousandth(cell_mv))
    elif kind in _CHOICES:
        yield from _choices(name, pack, _CHOICES[kind], value)
    elif kind in ("voltage", "current"):
        yield _sample(name, pack, _thousandth(value))
    elif kind == "temperature":
        yield _sample(name, pack, "%.1f" % value)
    else:
        yield _sample(name, pack, int(value))


def _choices(name: str, pack: tuple, choice: tuple, value):
    """One line for each word; `value` is the word that holds, or a list of them."""
    label, words = choice
    for word in words:
        holds = value == word or (isinstance(value, list) and word in value)
        yield _sample(name, pack + ((label, word),), 1 if holds else 0)


def _packs(text: Text, packs: list):
    """What a status says beside the fields: link, age, diagnosis, counters."""
    yield text.head("pack_info", "info", "What is configured")
    for status in packs:
        yield _sample("pack_info", (("pack", status["pack"]), ("model", status["model"])), 1)
    yield text.head("link", "gauge", "Link to the balancer")
    for status in packs:
        yield from _choices("link", (("pack", status["pack"]),), ("state", LINKS), status["link"])
    yield text.head("readings_total", "counter", "Readings accepted since the start")
    for status in packs:
        yield _sample("readings_total", (("pack", status["pack"]),), status["sequence"])
    yield from _times(text, packs)
    yield from _diagnoses(text, packs)


def _times(text: Text, packs: list):
    yield text.head("reading_age_seconds", "gauge", "Age of the reading", "seconds")
    for status in packs:
        if status["age_ms"] is not None:
            yield _sample("reading_age_seconds", (("pack", status["pack"]),), _thousandth(status["age_ms"]))
    yield text.head("reading_time_seconds", "gauge", "UNIX time of the reading", "seconds")
    for status in packs:
        if status["time"] is not None:
            yield _sample("reading_time_seconds", (("pack", status["pack"]),), status["time"])


def _diagnoses(text: Text, packs: list):
    """Verdict and counters. Packs on one line share its counters."""
    yield text.head("diagnosis_info", "info", "Verdict on the line")
    for status in packs:
        verdict = status["diagnosis"]["verdict"]
        yield _sample("diagnosis_info", (("pack", status["pack"]), ("verdict", verdict)), 1)
    yield text.head("balance_raw", "gauge", "State byte as sent")
    for status in packs:
        if status["diagnosis"]["balance_raw"] is not None:
            yield _sample("balance_raw", (("pack", status["pack"]),), status["diagnosis"]["balance_raw"])
    for counter in LINE_COUNTERS:
        name = "line_%s_total" % counter
        unit = "bytes" if counter.endswith("_bytes") else ""
        yield text.head(name, "counter", "Counter %s of the pack's line" % counter, unit)
        for status in packs:
            yield _sample(name, (("pack", status["pack"]),), status["diagnosis"][counter])
    yield text.head("doubted_total", "counter", "Answers that were doubted")
    for status in packs:
        for reason in REASONS[1:]:
            labels = (("pack", status["pack"]), ("reason", reason))
            yield _sample("doubted_total", labels, status["diagnosis"].get("doubted_" + reason, 0))
