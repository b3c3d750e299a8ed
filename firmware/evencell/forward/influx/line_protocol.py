"""Encodes a reading in InfluxDB's line protocol: the fields of a status, each a number or a boolean.

The protocol: https://docs.influxdata.com/influxdb/v1/write_protocols/line_protocol_reference. Texts are left out,
since VictoriaMetrics stores none; a state is its number.
"""

from evencell.pack.alarms import ALARMS
from evencell.pack.fields import FIELDS


def line_of(measurement: str, device: str, pack, time_s: int) -> bytes:
    """Encode the accepted reading. No name needs an escape: the configuration allows letters, digits, `_` and `-`."""
    status = pack.accepted
    fields = []
    for name, kind in FIELDS:
        value = getattr(status, name)
        if kind == "cells":
            fields += ["cell_%d_mv=%di" % (i + 1, value[i]) for i in range(status.slots) if value[i]]
        elif kind == "alarms":
            fields += ["alarm_%s=%s" % (alarm, _switch(value >> bit & 1)) for bit, alarm in enumerate(ALARMS)]
        elif value is not None:
            fields.append(_field(name, kind, value))
    head = (measurement, device, pack.name, ",".join(fields), time_s)
    return ("%s,device=%s,pack=%s %s %d\n" % head).encode()


def _field(name: str, kind: str, value) -> str:
    if kind == "temperature":
        return "temperature_c=%.1f" % (value / 10)
    return "%s=%s" % (name, _switch(value) if kind == "switch" else "%di" % value)


def _switch(value) -> str:
    return "true" if value else "false"
