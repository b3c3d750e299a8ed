"""What MQTT has missed, oldest first, in messages of some statuses each. In memory only while there is something."""

import json

from evencell.compat import const
from evencell.forward.journal import MQTT
from evencell.forward.journal_reading import Reader, batch, took

_RECORDS = const(3)  # statuses of 450 to 700 bytes each


class Backlog:
    """Sends it piece by piece."""

    def __init__(self, journal, topic: str):
        self._journal = journal
        self._topic = topic
        self._reader = Reader(journal)

    async def send(self, client):
        """Publish the oldest readings that wait, a message for each pack, and forget them once all are acknowledged.

        Raises OSError as `publish` does: then they come again.
        """
        journal = self._journal
        records, place = batch(journal, MQTT, _RECORDS)
        for name, statuses in self._by_pack(records).items():
            topic = "%s/%s/backlog" % (self._topic, name)
            size = sum([len(status) for status in statuses]) + len(statuses) + 1
            await client.publish(topic, _pieces(statuses), qos=1, payload_bytes=size)
        took(journal, MQTT, place, len(records))

    def _by_pack(self, records: list) -> dict:
        statuses = {}
        for record in records:
            if self._reader.read(record):
                statuses.setdefault(self._reader.name, []).append(json.dumps(self._reader.status()).encode())
        return statuses


def _pieces(statuses: list):
    """A JSON list of them."""
    for i, status in enumerate(statuses):
        yield b"," if i else b"["
        yield status
    yield b"]"
