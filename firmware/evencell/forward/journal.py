"""Readings that are due are kept until whoever takes them has them: MQTT's broker, a time series database, or both.

What is held, is held in RTC memory, which survives a crash. What is too much for it, for nothing takes it, goes to the
flash in one batch (journal_store.py, in memory only then). docs/backlog.md says what an owner should know.
"""

import os
import struct
from binascii import crc32

from evencell.compat import const
from evencell.forward.journal_record import FEW_CELLS, HEAD_BYTES, KEY, SENT, put, tag_of
from evencell.forward.mqtt_sent import Sent
from evencell.protocol.jk_balancer import CELL_SLOTS
from evencell.runtime.lazy import lazy
from evencell.system.files import exists
from evencell.system.on_demand import call

MQTT = const(0)
INFLUX = const(1)

# The area in RTC memory: CRC-32 of all behind it, bytes of a record, how many there are, then the records.
_AREA_BYTES = const(1024)
_SMALL_BYTES = const(512)  # in common memory, where there is no RTC memory
_RECORDS_AT = const(8)


def start(context):
    """Look at every reading for as long as the device runs."""
    progress = context.watch.progress()
    journal = context.journal = Journal(context, progress)
    context.supervisor.start("journal", journal.run, progress)


class Journal:
    """The readings that somebody has yet to take: the oldest may be on the flash, the newest `count` are held here.

    A place among the held ones counts from 0, and moves when older ones go. `taken` has a place for each taker: before
    it, all is known to have arrived. `marks` has another: before it, all was handed over, and an answer is awaited.
    """

    def __init__(self, context, progress):
        config = context.config
        self.context = context
        self.takers = config["mqtt"]["enabled"], config["influx"]["url"] is not None
        self.client = None  # MQTT's connection
        self.thinned = self.dropped = 0
        self.trackers = [Sent(pack) for pack in context.hub.packs]
        self.run_id = struct.unpack("<H", os.urandom(2))[0]
        self._is_undated = False  # something of this run is kept by its uptime
        self._publish_s = config["mqtt"]["publish_s"]
        self._consumer = context.hub.subscribe(progress)
        self._modules = lazy()  # those of `store`
        self._rtc = context.board.rtc_memory()
        self.held = self._rtc.buffer if self._rtc else bytearray(_SMALL_BYTES)
        self._fit(CELL_SLOTS)
        if not self.count and not exists(self.folder(CELL_SLOTS)):  # nothing with so much room
            self._fit(FEW_CELLS)
            if any(pack["model"] != "jk_b2a4s" for pack in config["packs"]):
                self._grow()

    async def run(self):
        """Look whenever something changed."""
        while True:
            await self._consumer.changed()
            self.look()

    def look(self):
        """Hold every reading that is due."""
        if self._is_undated and self.context.clock.unix_s() is not None:
            self._is_undated = False
            call("evencell.forward.journal_dates", "date", self)
        for sent in self.trackers:
            if sent.look(self._publish_s):
                self._hold(sent.pack)

    def was_sent(self, sent, sequence: int):
        """MQTT published a pack's reading: perhaps it arrives."""
        for place in range(self.count):
            if self._is_of(place, sent, sequence):
                self.held[self.at(place)] |= SENT

    def unsent(self):
        """Nobody knows what became of what MQTT published."""
        self.marks[MQTT] = self.taken[MQTT]
        for place in range(self.count):
            self.held[self.at(place)] &= ~SENT

    def mark_sent(self) -> int:
        """How many readings MQTT published that may not have arrived; what is answered from now on says they did."""
        place = self.marks[MQTT]
        while place < self.count and self.held[self.at(place)] & SENT:
            place += 1
        self.marks[MQTT] = place
        return place - self.taken[MQTT]

    def is_late(self) -> bool:
        """Whether MQTT lacks more than the newest readings, which it publishes by itself."""
        if self.is_behind(MQTT):
            return True
        self.mark_sent()
        return self.marks[MQTT] < self.newest()

    def newest(self) -> int:
        """The place of the first record that MQTT is about to publish by itself."""
        place = self.count
        while place and self._is_pending(place - 1):
            place -= 1
        return place

    def is_behind(self, taker: int) -> bool:
        """Whether something on the flash waits for this taker."""
        return self.store is not None and self.store.waiting(taker) > 0

    def took(self, taker: int):
        """All that was handed over arrived."""
        self.taken[taker] = self.marks[taker]
        done = min([self.taken[i] for i in (MQTT, INFLUX) if self.takers[i]])
        if done:
            self._forget(done)

    def mark_all(self, taker: int):
        """All that is held is being handed over."""
        self.marks[taker] = self.count

    def at(self, place: int) -> int:
        """Where the record at this place begins."""
        return _RECORDS_AT + place * self.bytes

    def counts(self) -> dict:
        """For /api/v1/status."""
        store = self.store
        waiting = [
            (store.waiting(i) if store else 0) + self.count - self.taken[i] for i in (MQTT, INFLUX) if self.takers[i]
        ]
        flash_bytes = store.bytes() if store else 0
        return {"waiting": max(waiting), "bytes": flash_bytes, "thinned": self.thinned, "dropped": self.dropped}

    def open_store(self):
        """What is on the flash."""
        if self.store is None:
            self.store = self._modules.load("evencell.forward.journal_store").Store(self, self.cells)
        return self.store

    def let_go(self):
        """Forget about the flash, if nothing there waits."""
        if self.store and not (self.store.waiting(MQTT) or self.store.waiting(INFLUX)):
            self.store = None
            self._modules.unload()

    def save(self):
        """What is held changed."""
        struct.pack_into("<HH", self.held, 4, self.bytes, self.count)
        struct.pack_into("<I", self.held, 0, self._crc())
        if self._rtc:
            self._rtc.save()

    def folder(self, cells: int) -> str:
        """Where on the flash records with room for so many cells are."""
        return "%s/journal%d" % (self.context.board.storage, cells)

    def _fit(self, cells: int):
        """Make records for so many cells from now on, and find what the last run left of such."""
        self.cells = cells
        self.bytes = HEAD_BYTES + 2 * cells
        self.count = 0
        self.taken, self.marks = [0, 0], [0, 0]
        self.store = None  # a journal_store.Store while something waits on the flash
        self._most = (min(len(self.held), _AREA_BYTES) - _RECORDS_AT) // self.bytes
        self._recover()

    def _grow(self):
        """Make records for all cells that there can be; what is held goes to the flash as it is."""
        if self.count:
            self._write()
        self._fit(CELL_SLOTS)

    def _hold(self, pack):
        if pack.accepted.slots > self.cells:  # than the model can have
            self._grow()
        if self.count == self._most:
            self._write()
        time_s = self.context.clock.unix_s_at(pack.read_ms)
        if time_s is None:
            self._is_undated = True
        put(self.held, self.at(self.count), self.cells, self.run_id, pack, time_s)
        self.count += 1
        self.save()
        if not self._rtc and not (self.client and self.client.connected):
            self._write()

    def _write(self):
        """Put all that is held on the flash, at once."""
        self.unsent()
        try:
            self.open_store().append(memoryview(self.held)[_RECORDS_AT : self.at(self.count)], self.taken)
        except OSError as error:
            self._lose("the flash takes none: %s" % error)
        self._forget(self.count)

    def _lose(self, why: str):
        self.dropped += self.count
        self.context.log.warning("journal: %d readings are lost, for %s" % (self.count, why))

    def _forget(self, count: int):
        """The oldest of what is held."""
        self.held[_RECORDS_AT : self.at(self.count - count)] = self.held[self.at(count) : self.at(self.count)]
        self.count -= count
        for taker in (MQTT, INFLUX):
            self.taken[taker] = max(0, self.taken[taker] - count)
            self.marks[taker] = max(0, self.marks[taker] - count)
        self.save()

    def _recover(self):
        """What the last run left: nobody may have it yet."""
        crc, size, count = struct.unpack_from("<IHH", self.held)
        if self._rtc and size == self.bytes and count <= self._most:
            self.count = count
            if crc != self._crc():
                self.count = 0
            self.unsent()
        if exists(self.folder(self.cells)) or exists(self.folder(FEW_CELLS)):
            self.open_store()
            self.let_go()

    def _is_pending(self, place: int) -> bool:
        return any(sent.is_pending and self._is_of(place, sent, sent.pack.sequence) for sent in self.trackers)

    def _crc(self) -> int:
        return crc32(memoryview(self.held)[4 : self.at(self.count)])

    def _is_of(self, place: int, sent, sequence: int) -> bool:
        """Whether the record at this place is that reading of this run."""
        _flags, tag, run_id, _time_s, number = struct.unpack_from(KEY, self.held, self.at(place))
        return (tag, run_id, number) == (tag_of(sent.pack), self.run_id, sequence)
