"""A status in the names that users' scripts rest on (docs/api.md), ready for `json.dumps`."""

from collections import OrderedDict

from evencell.pack.acceptance import REASONS
from evencell.pack.alarms import names_of
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
    """The whole status of `pack`, in the documented order (MicroPython's own dict keeps none)."""
    status = OrderedDict()
    status["pack"] = pack.name
    put_fields(status, pack.accepted)
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
    found = {"verdict": diagnosis.name, "remedy": diagnosis.remedy, "sure": diagnosis.sure}
    found["balance_raw"] = pack.accepted.balance_raw if pack.sequence else None
    for name in LINE_COUNTERS:
        found[name] = getattr(pack.line, name)
    for reason in range(1, len(REASONS)):
        if pack.refusals[reason]:
            found["doubted_" + REASONS[reason]] = pack.refusals[reason]
    status["diagnosis"] = found
    return status


def put_fields(fields: dict, status):
    """Put the fields of a reading into `fields`; what is unknown is None."""
    ever_read = status.pack_mv is not None
    for name, kind in FIELDS:
        convert = _CONVERTERS.get(kind)
        value = getattr(status, name) if ever_read else None
        if ever_read and convert:
            value = convert(status, value)
        fields["temperature_c" if kind == "temperature" else name] = value


def _celsius(_status, temperature_dc):
    return None if temperature_dc is None else temperature_dc / 10


def _state_name(_status, state: int):
    return BALANCE_STATES[state]


def _connected_cells(status, cells_mv):
    """An empty slot is None, so that cell N never shifts."""
    return [cells_mv[cell] or None for cell in range(status.slots)]


def _alarm_names(_status, alarms: int):
    return names_of(alarms)


_CONVERTERS = {
    "temperature": _celsius,
    "balance_state": _state_name,
    "cells": _connected_cells,
    "alarms": _alarm_names,
}
