"""Store-and-forward: the outbox keeps readings until each sink, MQTT or the time series database, has them.

The newest records are held in RTC memory, which survives a crash. When that is full, because a sink takes nothing, they
go to the flash in one batch (store.py, a lazy module). For owners: docs/backlog.md.
"""

import os
import struct

from evencell.compat import const
from evencell.forward.change_filter import ChangeFilter
from evencell.forward.outbox.record import AREA_BYTES, HEAD_BYTES, KEY, NOT_DUE, RECORDS_AT, encode, seal, tag_of
from evencell.protocol.jk_balancer import CELL_SLOTS
from evencell.runtime.lazy import call, lazy

# The sinks.
MQTT = const(0)
INFLUX = const(1)
SWITCHED_OFF = const(0x1FFFFFFF)  # cursor of a disabled sink: behind every record
OWNER = "journal"  # in StorageFaults

_ENOUGH_BYTES = const(768)  # of the area: less than that is not worth a write


def start(context):
    """Append readings for as long as the device runs."""
    heartbeat = context.watchdog.heartbeat()
    context.outbox = Outbox(context, heartbeat)
    context.supervisor.start("journal", context.outbox.run, heartbeat)


class Outbox:
    """Records of readings, oldest first: the older ones may be on the flash, the newest are held in memory.

    Held records are numbered from 0 at the start of the firmware: they are those from `first` to `end` - 1. The
    delivery cursor of a sink is two numbers: it has every record before `acknowledged[sink]`, and those before
    `sent[sink]` were handed to it. In each record ring on the flash it has another cursor (store.py).

    `max_interval_s` is `mqtt.publish_s`.

    No method raises an OSError of the storage: what the flash does not take stays in memory while there is room, then
    the oldest are `dropped`.
    """

    def __init__(self, context, heartbeat, has_flash: bool = True):
        config = context.config
        self.context = context
        self.acknowledged, self.sent = [SWITCHED_OFF, SWITCHED_OFF], [0, 0]
        self.not_due = None  # a not_due.NotDue where a sink gets every reading
        if has_flash and config["mqtt"]["enabled"]:
            self.acknowledged[MQTT] = 0
        if config["influx"]["url"] is not None:
            from evencell.forward.outbox.not_due import NotDue

            self.acknowledged[INFLUX] = 0
            self.not_due = NotDue()
        self.filters = [ChangeFilter(pack) for pack in context.hub.packs]
        self.run_id = struct.unpack("<H", os.urandom(2))[0]
        self.thinned = self.dropped = 0
        self.has_flash = has_flash
        self.rtc = context.board.rtc_memory()
        self.held = self.rtc.buffer if self.rtc else bytearray(AREA_BYTES)
        self.first = self.end = 0
        self.has_undated = False  # records of this run that have its uptime
        self._is_dropping = False
        self.max_interval_s = config["mqtt"]["publish_s"]
        self._consumer = context.hub.subscribe(heartbeat)
        self._modules = lazy()  # those of `store`
        if self._recover(0):
            self._grow()

    async def run(self):
        """Update whenever something changed."""
        while True:
            await self._consumer.changed()
            self.update()

    def update(self):
        """Append every reading that is due, or that a sink gets all the same."""
        self.date()
        for changes in self.filters:
            is_wanted = self.not_due and self.not_due.is_wanted(changes.pack, self.context.clock)
            if changes.update(self.max_interval_s):
                self.append(changes.pack)
            elif is_wanted:
                self.append(changes.pack, NOT_DUE)
        if self.store and self.context.storage_faults.has_failed(OWNER):
            self.release_store()

    def date(self):
        """Date the records of before the clock was set, once it is."""
        context = self.context
        is_known = self.has_undated and context.clock.unix_s() is not None
        if is_known and context.storage_faults.may_retry("journal_runs.json"):
            self.has_undated = not call("evencell.forward.outbox.dates", "date", self, self._records())
            self._save()

    def append(self, pack, flags: int = 0):
        """Append the pack's accepted reading."""
        if pack.accepted.slots > self.cells:  # more than the model can have
            self._grow()
        if self._at(self.end + 1) > AREA_BYTES:
            self._make_room()
        time_s = self.context.clock.unix_s_at(pack.read_ms)
        if time_s is None:
            self.has_undated = True
        encode(self.held, self._at(self.end), self.cells, tag_of(pack.name), self.run_id, pack, time_s, flags)
        self.end += 1
        self._save()
        if self.rtc is None and self.has_flash and self.context.storage_faults.may_retry(OWNER):
            self.flush()

    def batch(self, sink: int, max_records: int) -> tuple:
        """The oldest records that were not handed to this sink, and the position with which they are acknowledged.

        A damaged record is None. Those on the flash are handed over again until they are acknowledged.
        """
        if self.store and self.store.waiting(sink):
            return self.store.batch(sink, max_records)
        begin = self.sent[sink]
        end = self.sent[sink] = min(begin + max_records, self._end_for(sink))
        records = []
        for number in range(begin, end):
            record = bytes(self.held[self._at(number) : self._at(number + 1)])
            if sink == INFLUX or not record[0] & NOT_DUE:
                records.append(record)
        return records, end

    def mark_sent(self, pack, sequence: int):
        """MQTT published this reading, unconfirmed. If an older one still waits, it is published again later."""
        number = self.sent[MQTT]
        while number < self.end and self.held[self._at(number)] & NOT_DUE:
            number += 1
        if number < self.end and self._is_of(number, pack, sequence):
            self.sent[MQTT] = number + 1

    def acknowledge(self, sink: int, position):
        """The sink has every record before this position, of `batch` or `sent`."""
        if isinstance(position, tuple):
            if self.store:
                self.store.acknowledge(sink, *position)
            return
        self.acknowledged[sink] = max(self.acknowledged[sink], position)
        self.sent[sink] = max(self.sent[sink], position)
        self._discard_before(min(self.acknowledged))

    def rewind(self, sink: int):
        """Hand all that is not acknowledged to this sink again."""
        self.sent[sink] = self.acknowledged[sink]

    def has_backlog(self) -> bool:
        """Whether MQTT lacks more than the newest readings, which it publishes as states."""
        if self.store and self.store.waiting(MQTT):
            return True
        return self.sent[MQTT] < self._end_for(MQTT)

    def waiting(self, sink: int) -> int:
        """How many records wait for this sink, or for its acknowledgement."""
        count = self.end - self.acknowledged[sink]
        if self.not_due and sink == MQTT:
            count -= self.not_due.count(self._records(), self.record_bytes, count)
        return count + (self.store.waiting(sink) if self.store else 0)

    def counts(self) -> dict:
        """For /api/v1/status."""
        waiting = max(self.waiting(MQTT), self.waiting(INFLUX))
        flash_bytes = self.store.bytes() if self.store else 0
        return {"waiting": waiting, "bytes": flash_bytes, "thinned": self.thinned, "dropped": self.dropped}

    def count_lost(self, dropped: int, thinned: int = 0):
        """So many readings were dropped, or became values of minutes or hours."""
        self.dropped += dropped
        self.thinned += thinned

    def open_store(self):
        """The records on the flash."""
        if self.store is None:
            self.store = self._modules.load("evencell.forward.outbox.store").Store(self, self.cells)
        return self.store

    def release_store(self):
        """Unload the store if nothing waits there, and the flash holds its cursors."""
        if self.store and not (self.store.waiting(MQTT) or self.store.waiting(INFLUX)) and self.store.is_settled():
            self.store = None
            self._modules.unload()

    def _recover(self, cells: int) -> bool:
        """Take over what the last run left. New records have room for so many cells; 0: as many as those have.

        Returns whether a configured balancer may have more.
        """
        self.store = None  # a store.Store while something waits on the flash
        self.cells, count, has_store, is_small = call("evencell.forward.outbox.recovery", "find", self, cells)
        self.record_bytes = HEAD_BYTES + 2 * self.cells
        self.end = self.first + count
        if has_store:
            self.open_store()
            self.release_store()
        return is_small

    def _grow(self):
        """Make records for all cells that there can be; those that are held go to the flash as they are."""
        self.flush()
        if self.first < self.end:
            self._drop(self.end - self.first)
        self._recover(CELL_SLOTS)

    def _make_room(self):
        """Free space for one more record."""
        self._discard_not_due(_ENOUGH_BYTES)
        if self._at(self.end) > _ENOUGH_BYTES:
            self.flush()
        if self._at(self.end + 1) > AREA_BYTES:
            self._drop((self.end - self.first) // 2)  # not one by one: each time the flash is tried again

    def flush(self):
        """Write all that is due to the flash, at once. What the flash does not take stays."""
        self._discard_not_due(0)
        if self.has_flash and self.first < self.end:
            self._discard_before(self.open_store().append(self._records(), self.first, self.acknowledged))
        self._is_dropping = self._is_dropping and self.first < self.end

    def _drop(self, count: int):
        """Discard the oldest records though some sink lacks them."""
        if not self._is_dropping:
            name = "journal" if self.has_flash else "influx"
            text = "%s: readings are lost (%s.dropped in the status): no room is left"
            self.context.log.warning(text % (name, name))
        self._is_dropping = True
        self.dropped += count
        self._discard_before(self.first + count)

    def _discard_not_due(self, limit: int):
        """Discard records that are not due: those that the sink has; all if more than `limit` bytes are left."""
        if self.not_due:
            cursors = self.acknowledged, self.sent
            self._discard_before(self.not_due.discard(self._records(), self.record_bytes, self.first, cursors, limit))

    def _discard_before(self, number: int):
        """Discard the held records before this number."""
        if number == self.first:
            return
        end = self._at(self.end)
        self.held[RECORDS_AT : self._at(self.first + self.end - number)] = self.held[self._at(number) : end]
        self.first = number
        for cursors in (self.acknowledged, self.sent):
            for sink in (MQTT, INFLUX):
                cursors[sink] = max(number, cursors[sink])
        self._save()

    def _save(self):
        """Write what is held to RTC memory."""
        seal(self.held, self.record_bytes, self.end - self.first)
        if self.rtc:
            self.rtc.save()

    def _records(self) -> memoryview:
        return memoryview(self.held)[RECORDS_AT : self._at(self.end)]

    def _at(self, number: int) -> int:
        """Where the held record of this number begins."""
        return RECORDS_AT + (number - self.first) * self.record_bytes

    def _end_for(self, sink: int) -> int:
        """The number behind the last record for this sink: MQTT publishes the newest due readings as states."""
        number = self.end
        while sink == MQTT and number > self.sent[MQTT]:
            is_backlog = not self.held[self._at(number - 1)] & NOT_DUE
            for each in self.filters:
                if each.is_pending and self._is_of(number - 1, each.pack, each.pack.sequence):
                    is_backlog = False
            if is_backlog:
                break
            number -= 1
        return number

    def _is_of(self, number: int, pack, sequence: int) -> bool:
        """Whether the record of this number is that reading of this run."""
        key = struct.unpack_from(KEY, self.held, self._at(number))
        return (key[1], key[2], key[4]) == (tag_of(pack.name), self.run_id, sequence)
