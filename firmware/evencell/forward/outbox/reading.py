"""Decodes records of the outbox."""

import struct

from evencell.forward.outbox.record import DATED, FORMAT, HEAD_BYTES, HIGHEST, HOUR, LOWEST, MEAN, tag_of
from evencell.pack.alarms import alarms_of
from evencell.pack.status import Status
from evencell.protocol.jk_balancer import CELL_SLOTS
from evencell.runtime.lazy import call

_THINNED = {LOWEST: "lowest", MEAN: "mean", HIGHEST: "highest"}


class Reader:
    """Decodes one record after the other into itself; it has the fields of a pack with an accepted reading.

    `time_s` is None where it is unknown; `thinned` is None for a reading, else "lowest", "mean" or "highest" of
    `span_s` seconds.
    """

    def __init__(self, outbox):
        self._outbox = outbox
        self._packs = {tag_of(pack.name): pack for pack in outbox.context.hub.packs}
        self._starts = None  # by the number of a run
        self.accepted = Status()
        self.pack = outbox.context.hub.packs[0]
        self.name = self.time_s = self.thinned = None
        self.sequence = self.span_s = 0

    def read(self, record) -> bool:
        """Decode this record; False where it is damaged (None), or of a pack that is no longer configured."""
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

    def _dated(self, run_id: int, uptime_s: int):
        if run_id == self._outbox.run_id:
            return self._outbox.context.clock.unix_s_at(1000 * uptime_s)
        if self._starts is None:
            self._starts = dict(call("evencell.forward.outbox.dates", "starts_of_runs", self._outbox))
        start_s = self._starts.get(run_id)
        return None if start_s is None else start_s + uptime_s

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
