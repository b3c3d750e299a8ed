"""`/metrics`: the readings, field by field. Loaded on demand."""

from evencell.forward.http.metrics_text import choices, sample, thousandth
from evencell.pack.alarms import ALARMS
from evencell.pack.fields import FIELDS
from evencell.pack.status import BALANCE_STATES
from evencell.storage.data_files import open_data

# The meaning of each field, a line each in the order of FIELDS.
_MEANINGS = __file__.rsplit("/", 1)[0] + "/metrics_fields.txt"
# Kind of field → base unit, which also ends the name of the metric.
_UNITS = {"voltage": "volts", "cells": "volts", "current": "amperes", "temperature": "celsius"}
# Kinds with one line for each possible value, which is a label: name of the label, values.
_CHOICES = {"balance_state": ("state", BALANCE_STATES), "alarms": ("alarm", ALARMS)}


def families(text, packs: list):
    """Generate the families of all fields. `text`: metrics_text.Text."""
    with open_data(_MEANINGS) as file:
        for field, kind in FIELDS:
            meaning = str(file.readline(), "utf-8").strip().split(" ", 1)[1]
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
                yield sample(name, pack + (("cell", str(cell)),), thousandth(cell_mv))
    elif kind in _CHOICES:
        yield from choices(name, pack, _CHOICES[kind], value)
    elif kind in ("voltage", "current"):
        yield sample(name, pack, thousandth(value))
    elif kind == "temperature":
        yield sample(name, pack, "%.1f" % value)
    else:
        yield sample(name, pack, int(value))
