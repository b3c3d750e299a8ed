"""What a device that sleeps keeps in RTC memory from wake to wake: clock, settings, and each pack's last reading.

The second half of RTC memory: CRC-32 of all behind it, the fields of a `WakeState`, then those of each `PackState`.
"""

import struct
from binascii import crc32

from evencell.compat import const
from evencell.protocol.jk_balancer import ANSWER_BYTES

RTC_BYTES = const(2048)
MAX_PACKS = const(8)
ANY_UART = const(255)  # the board's usual one
STATE_AT = const(1024)  # behind the outbox's area
_CRC_BYTES = const(4)
_LAYOUT = const(5)  # the number of this layout; what has another one is discarded
_JOINED_BYTES = const(24)  # as join.py writes it
_KEY_BYTES = const(16)
TRIAL_RUNS = const(1)  # in `trial`: an update is not confirmed yet

_WAKE_FORMAT = "<BBBBBBBBBBBBBBBBBBBBHHHHqIIIIIIIIIIIIII%ds%ds" % (_JOINED_BYTES, _KEY_BYTES)
WAKE_FIELDS = (
    "layout",
    "pack_count",
    "cells",
    "is_new",
    "aborted",
    "is_pausing",
    "is_transmitting",
    "has_gap",
    "has_faults",
    "has_undated",
    "is_subscribed",
    "announce_tries",
    "failed_reports",
    "level",
    "reported_level",
    "spill_every",
    "has_pins",
    "has_bindkey",
    "has_w",
    "trial",
    "w_start_ms",
    "awake_s",
    "beacon_ms",
    "run_id",
    "base_ms",
    "interval_s",
    "report_due_s",
    "announced",
    "pause_ms",
    "synced_s",
    "sync_s",
    "usual_s",
    "min_s",
    "max_s",
    "report_s",
    "low_pack_mv",
    "joined_s",
    "beacon_counter",
    "beacon_end",
    "joined",
    "bindkey",
)
_PACK_FORMAT = "<HHHHHBBBBBBBBBIII%ds" % ANSWER_BYTES
PACK_FIELDS = (
    "tag",
    "timeout_ms",
    "low_mv",
    "low_step_mv",
    "highest_mv",
    "uart",
    "address",
    "dc_per_count",
    "agreeing",
    "misses",
    "alarms",
    "reported_misses",
    "reported_alarms",
    "shown",
    "sequence",
    "marked",
    "read_s",
    "frame",
)


class Fields:
    """Named values in a struct."""

    def __init__(self, names: tuple, layout: str):
        self._names = names
        self._layout = layout
        self.size = struct.calcsize(layout)

    def unpack(self, buffer, at: int):
        """Take the values from `buffer[at]`."""
        for name, value in zip(self._names, struct.unpack_from(self._layout, buffer, at)):
            setattr(self, name, value)

    def pack(self, buffer, at: int):
        """Write the values to `buffer[at]`."""
        struct.pack_into(self._layout, buffer, at, *[getattr(self, name) for name in self._names])


class PackState(Fields):
    """One pack. Before its first reading all but the settings is 0."""

    tag: int  # outbox/record.py
    timeout_ms: int
    low_mv: int  # of a cell, as the next two; 0 where its limits are not known
    low_step_mv: int  # pack/low_level.py
    highest_mv: int
    uart: int
    address: int
    dc_per_count: int  # of its temperature scale, as the next one
    agreeing: int
    misses: int  # wakes in a row without a reading, up to 3
    alarms: int
    reported_misses: int  # what the last report said, as the next one
    reported_alarms: int
    shown: int  # its cells and temperature in Home Assistant, as announcement.py counts them
    sequence: int  # number of the last accepted reading
    marked: int  # the sequence that marks.py has written
    read_s: int  # uptime of the last accepted reading
    frame: bytes  # its answer, from which the next one is judged

    def __init__(self):
        Fields.__init__(self, PACK_FIELDS, _PACK_FORMAT)
        self.unpack(bytes(self.size), 0)


class WakeState(Fields):
    """The device. Times in `_s` are uptimes, which go on through sleep."""

    layout: int
    pack_count: int
    cells: int  # that a record of the outbox has room for; 0: not known
    is_new: int  # no wake has followed a start that was none
    aborted: int  # wakes in a row that did not come to their sleep
    is_pausing: int  # the next wake is late because of them
    is_transmitting: int  # a report has begun
    has_gap: int  # readings were lost with RTC memory, to be reported
    has_faults: int  # of the configuration, to be reported
    has_undated: int  # records of this run have its uptime
    is_subscribed: int  # the broker knows that the device takes commands
    announce_tries: int  # that the discovery messages have left; 0 once they are sent
    failed_reports: int  # in a row
    level: int  # of pack/low_level.py
    reported_level: int
    spill_every: int  # of the configuration, as the next one
    has_pins: int
    has_bindkey: int
    has_w: int  # the first balancer is supplied for a reading (supply.py)
    trial: int  # what an update lacks that is not confirmed yet, or that its outcome waits for a report (trial.py)
    w_start_ms: int  # how long it took to its first answer then
    awake_s: int  # after a press of the button; 0: it has the device report
    beacon_ms: int  # how long one is sent; 0: none
    run_id: int
    base_ms: int  # the system's clock at uptime 0
    interval_s: int  # of the next sleep
    report_due_s: int
    announced: int  # what of discovery a wake can change, as announcement.py counts it
    pause_ms: int  # after failed reports
    synced_s: int  # when the clock was set or asked for
    sync_s: int  # how long that is good for
    usual_s: int  # of the configuration, as the next four; 0: it is to be read first
    min_s: int
    max_s: int
    report_s: int
    low_pack_mv: int
    joined_s: int  # when join.py learned what the next has
    beacon_counter: int  # forward/bthome/counter.py
    beacon_end: int  # of the numbers that are reserved
    joined: bytes
    bindkey: bytes

    def __init__(self, buffer):
        Fields.__init__(self, WAKE_FIELDS, _WAKE_FORMAT)
        self._buffer = buffer
        self.packs = []
        self.unpack(bytes(self.size), 0)

    def load(self) -> bool:
        """Take over what the last wake left; False where that is damaged, or of another layout."""
        buffer, at = self._buffer, STATE_AT + _CRC_BYTES
        count = buffer[at + 1]
        if buffer[at] != _LAYOUT or count > MAX_PACKS:
            return False
        packs = [PackState() for _ in range(count)]
        end = at + self.size + sum([pack.size for pack in packs])
        if struct.unpack_from("<I", buffer, STATE_AT)[0] != crc32(memoryview(buffer)[at:end]):
            return False
        self.unpack(buffer, at)
        at += self.size
        for pack in packs:
            pack.unpack(buffer, at)
            at += pack.size
        self.packs = packs
        return True

    def last_s(self) -> int:
        """The latest uptime that is kept."""
        return max([self.synced_s, self.joined_s] + [pack.read_s for pack in self.packs])

    def save(self):
        """Write all of it to the buffer of RTC memory."""
        self.layout = _LAYOUT
        self.pack_count = len(self.packs)
        at = STATE_AT + _CRC_BYTES
        self.pack(self._buffer, at)
        at += self.size
        for pack in self.packs:
            pack.pack(self._buffer, at)
            at += pack.size
        crc = crc32(memoryview(self._buffer)[STATE_AT + _CRC_BYTES : at])
        struct.pack_into("<I", self._buffer, STATE_AT, crc)
