"""Records of the journal as readings again. In memory only while a backlog is sent."""

import struct

from evencell.forward.journal import MQTT
from evencell.forward.journal_dates import begun
from evencell.forward.journal_record import DATED, FORMAT, HEAD_BYTES, HIGHEST, HOUR, LOWEST, MEAN, SENT, tag_of
from evencell.forward.status_json import put_fields
from evencell.pack.alarms import alarms_of
from evencell.pack.status import Status
from evencell.protocol.jk_balancer import CELL_SLOTS

_THINNED = {LOWEST: "lowest", MEAN: "mean", HIGHEST: "highest"}


class Reader:
    """Reads records, one after the other, into itself: it looks like a pack with an accepted reading.

    `time_s` is None where nobody knows it any more; `thinned` is None for a reading, else "lowest", "mean" or
    "highest" of `span_s` seconds.
    """

    def __init__(self, journal):
        self._journal = journal
        self._packs = {tag_of(pack): pack for pack in journal.context.hub.packs}
        self._runs = dict(begun(journal))
        self.accepted = Status()
        self.pack = journal.context.hub.packs[0]
        self.name = self.time_s = self.thinned = None
        self.sequence = self.span_s = 0

    def read(self, record) -> bool:
        """Take this record; False where it is damaged (None), or of a pack that is not configured any more."""
        if record is None:
            return False
        flags, tag, run_id, time_s, self.sequence = struct.unpack_from(FORMAT, record)[:5]
        if tag not in self._packs:
            return False
        self.pack = self._packs[tag]
        self.name = self.pack.name
        self.time_s = time_s if flags & DATED else self._dated(run_id, time_s)
        self.thinned = _THINNED.get(flags & HIGHEST)
        self.span_s = 3600 if flags & HOUR else 60
        self._fill(record)
        return True

    def status(self) -> dict:
        """The reading in the names of status_json, and what only a backlog has."""
        from collections import OrderedDict

        status = OrderedDict()
        status["pack"] = self.name
        put_fields(status, self.accepted)
        status["link"] = "online"  # it is a reading
        status["age_ms"] = 0
        status["time"] = self.time_s
        status["sequence"] = self.sequence
        status["model"] = self.pack.model
        if self.thinned:
            status["thinned"] = self.thinned
            status["span_s"] = self.span_s
        return status

    def _dated(self, run_id: int, uptime_s: int):
        if run_id == self._journal.run_id:
            return self._journal.context.clock.unix_s_at(1000 * uptime_s)
        begun_s = self._runs.get(run_id)
        return None if begun_s is None else begun_s + uptime_s

    def _fill(self, record):
        status = self.accepted
        values = struct.unpack_from(FORMAT, record)[5:]
        status.pack_mv = 10 * values[0]
        status.cells_detected, status.cells_configured, status.balance_raw, status.alarms_raw = values[1:5]
        status.balance_ma, status.trigger_mv, status.max_balance_ma = values[5:8]
        status.balancing_raw, status.temperature_raw = values[8:]
        for cell in range(CELL_SLOTS):  # the record may have less room
            at = HEAD_BYTES + 2 * cell
            status.cells_mv[cell] = struct.unpack_from("<H", record, at)[0] if at < len(record) else 0
        status.derive()
        scale = self.pack.scale
        status.temperature_dc = scale.temperature_dc(status.temperature_raw)
        status.alarms = alarms_of(status, scale)


def batch(journal, taker: int, most: int) -> tuple:
    """At most so many of the oldest records that the taker lacks, and the place to name to `took` once it has them.

    A damaged record is None; one that MQTT has published meanwhile is not among them.
    """
    if journal.is_behind(taker):
        return journal.store.batch(taker, most)
    # Of MQTT's a new connection takes the marks back; any other taker's batch may have failed, and comes again.
    first = journal.marks[taker] if taker == MQTT else journal.taken[taker]
    last = min(first + most, journal.newest() if taker == MQTT else journal.count)
    journal.marks[taker] = last
    places = [journal.at(place) for place in range(first, last)]
    held = [bytes(journal.held[at : at + journal.bytes]) for at in places]
    return [record for record in held if taker != MQTT or not record[0] & SENT], None


def took(journal, taker: int, place, count: int):
    """The taker has these so many records of a batch."""
    if place:
        journal.store.took(taker, place, count)
    else:
        journal.took(taker)
