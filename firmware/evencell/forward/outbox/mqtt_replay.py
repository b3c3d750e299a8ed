"""The backlog of MQTT, oldest first, in messages of some statuses each (a lazy module)."""

import json
from collections import OrderedDict

from evencell.compat import const
from evencell.forward.outbox.outbox import MQTT
from evencell.forward.outbox.reading import Reader
from evencell.forward.status_json import put_fields

_MAX_RECORDS = const(3)  # statuses of 450 to 700 bytes each


class Replay:
    """Publishes it batch by batch."""

    def __init__(self, outbox, topic: str):
        self._outbox = outbox
        self._topic = topic
        self._reader = Reader(outbox)

    async def publish(self, client):
        """Publish the oldest readings that wait, a message for each pack; acknowledge them once the broker did.

        Raises OSError as `client.publish` does: then they come again. Damaged ones are dropped.
        """
        records, position = self._outbox.batch(MQTT, _MAX_RECORDS)
        for name, statuses in self._by_pack(records).items():
            topic = "%s/%s/backlog" % (self._topic, name)
            size = sum([len(status) for status in statuses]) + len(statuses) + 1
            await client.publish(topic, _pieces(statuses), qos=1, payload_bytes=size)
        self._outbox.acknowledge(MQTT, position)
        self._outbox.count_lost(records.count(None))

    def _by_pack(self, records: list) -> dict:
        statuses = {}
        for record in records:
            if self._reader.read(record):
                statuses.setdefault(self._reader.name, []).append(json.dumps(status_of(self._reader)).encode())
        return statuses


def status_of(reader: Reader) -> dict:
    """The reading in the names of status_json, with the fields that only a backlog has."""
    status = OrderedDict()
    status["pack"] = reader.name
    put_fields(status, reader.accepted, reader.pack.scale)
    status["link"] = "online"  # or there would be no reading
    status["age_ms"] = 0
    status["time"] = reader.time_s
    status["sequence"] = reader.sequence
    status["model"] = reader.pack.model
    if reader.thinned:
        status["thinned"] = reader.thinned
        status["span_s"] = reader.span_s
    return status


def _pieces(statuses: list):
    """A JSON list of them."""
    for i, status in enumerate(statuses):
        yield b"," if i else b"["
        yield status
    yield b"]"
