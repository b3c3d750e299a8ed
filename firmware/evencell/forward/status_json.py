"""A status as JSON, in the names that users' scripts rest on."""

from evencell.compat import const
from evencell.pack.alarms import ALARMS
from evencell.pack.status import BALANCE_STATES, FIELDS

STATUS_BYTES = const(1024)  # the longest there can be: 24 cells, every alarm, the longest name
PACK_BYTES = const(1280)  # with its line's counters

_LINE_COUNTERS = (
    "requests",
    "answers",
    "timeouts",
    "late_answers",
    "foreign_frames",
    "bad_checksums",
    "rubbish_bytes",
)


def put_status(out, pack, clock):
    """Append the whole status of `pack` (docs/api.md)."""
    _put_open_status(out, pack, clock)
    out.put(b"}")


def put_pack(out, pack, clock):
    """Append the status of `pack` with the counters of its line, as the page shows it."""
    _put_open_status(out, pack, clock)
    out.put(b', "diagnosis": ')
    _put_line(out, pack.line)
    out.put(b"}")


def _put_open_status(out, pack, clock):
    out.put(b'{"pack": ')
    out.string(pack.name)
    put_fields(out, pack.accepted)
    out.put(b', "link": ')
    out.string(pack.link_name)
    _pair(out, "age_ms", pack.age_ms(clock))
    _pair(out, "time", pack.read_time_s)
    _pair(out, "sequence", pack.sequence)
    out.put(b', "model": ')
    out.string(pack.model)


def put_fields(out, status):
    """Append the fields of a reading, each after a comma; what is unknown is null."""
    for name, _, kind, _ in FIELDS:
        put_value = _WRITERS.get(kind)
        if put_value is None:
            _pair(out, name, getattr(status, name))
        else:
            put_value(out, status, name)


def _put_line(out, line):
    before = b"{"
    for name in _LINE_COUNTERS:
        out.put(before)
        out.string(name)
        out.put(b": ")
        out.integer(getattr(line, name))
        before = b", "
    out.put(b"}")


def _pair(out, name: str, value: int | None):
    _key(out, name)
    if value is None:
        out.put(b"null")
    else:
        out.integer(value)


def _key(out, name: str):
    out.put(b", ")
    out.string(name)
    out.put(b": ")


def _put_temperature(out, status, name: str):
    _key(out, name.replace("_dc", "_c"))
    value = getattr(status, name)
    if value is None:
        out.put(b"null")
    else:
        out.tenths(value)


def _put_switch(out, status, name: str):
    _key(out, name)
    value = getattr(status, name)
    out.put(b"null" if value is None else b"true" if value else b"false")


def _put_balance_state(out, status, name: str):
    _key(out, name)
    value = getattr(status, name)
    if value is None:
        out.put(b"null")
    else:
        out.string(BALANCE_STATES[value])


def _put_cells(out, status, name: str):
    """An empty slot is null, so that cell N never shifts."""
    _key(out, name)
    if status.pack_mv is None:
        out.put(b"null")
        return
    before = b"["
    for cell in range(status.slots):
        out.put(before)
        voltage_mv = status.cells_mv[cell]
        out.put(b"%d" % voltage_mv if voltage_mv else b"null")
        before = b", "
    out.put(b"]" if status.slots else b"[]")


def _put_alarms(out, status, name: str):
    _key(out, name)
    alarms = getattr(status, name)
    if alarms is None:
        out.put(b"null")
        return
    out.put(b"[")
    before = b""
    for bit in range(len(ALARMS)):
        if alarms & (1 << bit):
            out.put(before)
            out.string(ALARMS[bit])
            before = b", "
    out.put(b"]")


_WRITERS = {
    "temperature": _put_temperature,
    "switch": _put_switch,
    "balance_state": _put_balance_state,
    "cells": _put_cells,
    "alarms": _put_alarms,
}
