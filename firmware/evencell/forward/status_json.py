"""Encodes a status with its published names (docs/api.md), ready for `json.dumps`."""

from collections import OrderedDict

from evencell.pack.acceptance import REASONS
from evencell.pack.alarms import cells_of, names_of
from evencell.pack.fields import FIELDS
from evencell.pack.status import BALANCE_STATES

LINE_COUNTERS = (
    "requests",
    "answers",
    "timeouts",
    "late_answers",
    "foreign_frames",
    "bad_checksums",
    "rubbish_bytes",
)


def status_of(pack, clock) -> dict:
    """The status of a pack, in the documented order (a MicroPython dict has none)."""
    status = OrderedDict()
    status["pack"] = pack.name
    put_fields(status, pack.accepted, pack.scale)
    if pack.rules and pack.sequence:
        status["alarms"] = names_of(pack.accepted.alarms) + list(pack.rules)
    status["link"] = pack.link_name
    status["age_ms"] = pack.age_ms(clock)
    status["time"] = clock.unix_s_at(pack.read_ms) if pack.sequence else None
    status["sequence"] = pack.sequence
    status["model"] = pack.model
    return status


def status_with_diagnosis(pack, clock) -> dict:
    """The status with verdict and remedy, the counters of the pack's line, and the answers doubted by reason."""
    status = status_of(pack, clock)
    diagnosis = pack.diagnosis
    verdict = verdict_of(pack)
    found = {"verdict": verdict, "remedy": diagnosis.remedy, "sure": diagnosis.sure if verdict else None}
    found["lost_percent"] = diagnosis.lost_percent
    found["balance_raw"] = pack.accepted.balance_raw if pack.sequence else None
    for name in LINE_COUNTERS:
        found[name] = getattr(pack.bus, name)
    for reason in range(1, len(REASONS)):
        if pack.unconfirmed_counts[reason]:
            found["doubted_" + REASONS[reason]] = pack.unconfirmed_counts[reason]
    status["diagnosis"] = found
    return status


def verdict_of(pack) -> str | None:
    """The verdict in words; None while nothing was read, and no fault was found either."""
    return pack.diagnosis.name if pack.sequence or pack.diagnosis.verdict else None


def put_fields(fields: dict, status, scale):
    """Put the fields of a reading into `fields`, with the scale of its temperature. Unknown values are None."""
    has_reading = status.pack_mv is not None
    for name, kind in FIELDS:
        convert = _CONVERTERS.get(kind)
        value = getattr(status, name) if has_reading else None
        if has_reading and convert:
            value = convert(status, value)
        fields["temperature_c" if kind == "temperature" else name] = value
    fields["alarm_cells"] = _alarm_cells(status) if has_reading else None
    fields["temperature_scale"] = scale.name if has_reading else None


def _celsius(_status, temperature_dc):
    return None if temperature_dc is None else temperature_dc / 10


def _state_name(_status, state: int):
    return BALANCE_STATES[state]


def _connected_cells(status, cells_mv):
    """An empty slot is None, so that cell N never shifts."""
    return [cells_mv[cell] or None for cell in range(status.slots)]


def _alarm_cells(status) -> dict:
    """The cells that each alarm is about, of those alarms that can name one."""
    found = OrderedDict()
    for name in names_of(status.alarms):
        cells = cells_of(status, name)
        if cells:
            found[name] = cells
    return found


def _alarm_names(_status, alarms: int):
    return names_of(alarms)


_CONVERTERS = {
    "temperature": _celsius,
    "balance_state": _state_name,
    "cells": _connected_cells,
    "alarms": _alarm_names,
}
