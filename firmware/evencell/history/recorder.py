"""Records minimum, maximum and mean of each cell per minute, and what the balancer did: a record for each 15 minutes.

A record is an `array("H")`, in this order; a value of 32 bits is two elements, the lower first:

 0 uptime at its beginning, s (32 bits)     2 UNIX time then (32 bits), 0 if unknown
 4 number of the device's start             5 time observed, s     6 of that balancing, s
 7 readings                                 8 0 (32 bits)
10 for each cell: time as the lowest, s; as the highest, s; charge given to it, 0.1 mAh; charge taken from it, 0.1 mAh
 … for each minute, for each cell: minimum, mV; maximum, mV; mean, 0.1 mV; all 0 without a reading

archive.py writes it to the flash; docs/health.md says what is derived from it.
"""

from array import array

from evencell.compat import const
from evencell.pack.status import CHARGING, DISCHARGING
from evencell.runtime.lazy import lazy

START = const(4)
OBSERVED_S = const(5)
BALANCING_S = const(6)
READINGS = const(7)
HEAD = const(10)
MINUTES = const(15)

_MINUTE_MS = const(60_000)
_RECORD_MS = const(900_000)
_MIN_DELTA_MV = const(5)  # the balancer's accuracy: closer cells are equal
_MIN_STEP_MS = const(10_000)
_TENTH_MAH = const(360)  # mA s
_MAX_WAIT_MS = const(60_000)
_MAX = const(65_535)
_ARCHIVE = "evencell.history.archive"
_OWNER = "history of %s"  # of a storage failure


def row_at(row: int, cells: int) -> int:
    """Index of a row's first value; of the row after the last, the length of a record."""
    return HEAD + cells * (4 + 3 * row)


class History:
    """One pack's current record: `record`; empty, with `cells` 0, before the first reading.

    `is_stored`: the flash has a store for it. `window`: number of its 15 minutes of uptime.
    """

    __slots__ = ("_charge_mas", "_counts", "_max_step_ms", "_minute", "_part_ms", "_read_ms", "_seen", "_sums", "cells",
                 "is_stored", "pack", "record", "window")  # fmt: skip

    def __init__(self, pack, interval_ms: int):
        self.pack = pack
        self.cells = 0
        self.is_stored = False
        self.record = array("H")
        self.window = 0
        self._seen = 0
        self._read_ms = None
        # A reading counts for the time since the one before, but not for a longer gap.
        self._max_step_ms = min(_MINUTE_MS, max(_MIN_STEP_MS, 2 * interval_ms))

    def make_room(self, cells: int, start: int):
        """Create an empty record for this number of cells and this start of the device."""
        self.cells = cells
        self.record = array("H", bytes(2 * row_at(MINUTES, cells)))
        self.record[START] = start
        self._sums = array("I", bytes(4 * cells))
        self._counts = array("H", bytes(2 * cells))
        self._charge_mas = array("I", bytes(8 * cells))  # remainder below 0.1 mAh: given and taken, by cell
        self._minute = -1
        self._part_ms = 0

    def has_reading(self) -> bool:
        """Whether there is a reading that no call before has reported."""
        if self.pack.sequence == self._seen:
            return False
        self._seen = self.pack.sequence
        return True

    def begin(self, window: int):
        """Clear the record, for this window of uptime."""
        record = self.record
        for i in range(len(record)):
            if i != START:
                record[i] = 0
        self.window = window
        began_s = window * (_RECORD_MS // 1000)
        record[0] = began_s & _MAX
        record[1] = began_s >> 16

    def add(self, status, read_ms: int):
        """Add a reading of this uptime, which must be in the window. Allocates nothing."""
        minute = read_ms // _MINUTE_MS
        if minute != self._minute:
            self._minute = minute
            for cell in range(self.cells):
                self._sums[cell] = self._counts[cell] = 0
        cells_mv = status.cells_mv
        at = row_at(minute % MINUTES, self.cells)
        for cell in range(self.cells):
            if cells_mv[cell]:
                self._add_cell(cell, cells_mv[cell], at)
            at += 3
        record = self.record
        record[READINGS] = min(record[READINGS] + 1, _MAX)
        self._add_time(status, self._seconds(read_ms))

    def _add_cell(self, cell: int, voltage_mv: int, at: int):
        record, sums, counts = self.record, self._sums, self._counts
        sums[cell] += voltage_mv
        counts[cell] += 1
        if not record[at] or voltage_mv < record[at]:
            record[at] = voltage_mv
        if voltage_mv > record[at + 1]:
            record[at + 1] = voltage_mv
        record[at + 2] = min(sums[cell] * 10 // counts[cell], _MAX)

    def _seconds(self, read_ms: int) -> int:
        """Whole seconds that this reading counts for; the remainder is carried over."""
        elapsed_ms = 0 if self._read_ms is None else min(read_ms - self._read_ms, self._max_step_ms)
        self._read_ms = read_ms
        elapsed_ms += self._part_ms
        self._part_ms = elapsed_ms % 1000
        return elapsed_ms // 1000

    def _add_time(self, status, seconds: int):
        if status.delta_mv is None:
            return
        record = self.record
        record[OBSERVED_S] += seconds
        lowest, highest = status.lowest_cell - 1, status.highest_cell - 1
        if status.delta_mv >= _MIN_DELTA_MV:
            record[HEAD + 4 * lowest] += seconds
            record[HEAD + 4 * highest + 1] += seconds
        if status.balance_state == CHARGING:
            self._move(2 * lowest, HEAD + 4 * lowest + 2, status.balance_ma * seconds)
        elif status.balance_state == DISCHARGING:
            self._move(2 * highest + 1, HEAD + 4 * highest + 3, status.balance_ma * seconds)
        else:
            return
        record[BALANCING_S] += seconds

    def _move(self, place: int, at: int, charge_mas: int):
        moved = self._charge_mas
        moved[place] += charge_mas
        self.record[at] = min(self.record[at] + moved[place] // _TENTH_MAH, _MAX)
        moved[place] %= _TENTH_MAH


class Keeper:
    """Adds every reading to its pack's record, and stores records that are complete."""

    DRIFT = "evencell.history.drift"  # named here: a build without a history needs none of it

    def __init__(self, context, heartbeat):
        self._clock = context.clock
        self._faults = context.storage_faults
        self._lock = context.lazy_lock
        self._consumer = context.hub.subscribe(heartbeat)
        self.folder = context.board.storage + "/history"
        packs = context.hub.packs
        self.histories = [
            History(packs[i], settings["interval_ms"]) for i, settings in enumerate(context.config["packs"])
        ]

    async def run(self):
        """Update whenever something changed."""
        self.find()
        while True:
            await self._consumer.changed()
            self.update()

    def find(self):
        """Open existing stores: they can be read before the first reading."""
        for history in self.histories:
            if not history.cells:
                self._open(history, 0)

    def update(self):
        """Add new readings, and store complete records.

        What stores them and what answers a request are not in memory together: it waits, for up to a minute, and so do
        readings, of which the latest is added.
        """
        scope = None
        if self._lock and self._is_over():
            scope = self._lock.open()
            if scope is None and self._clock.uptime_ms() % _RECORD_MS < _MAX_WAIT_MS:
                return
        try:
            for history in self.histories:
                self._update(history)
        finally:
            if scope:
                self._lock.close(scope)

    def _is_over(self) -> bool:
        """Whether a record is complete by now."""
        window = self._clock.uptime_ms() // _RECORD_MS
        return any(history.cells and history.window != window for history in self.histories)

    def finish(self):
        """Store incomplete records, at the end of the firmware."""
        for history in self.histories:
            self._keep(history)

    def _update(self, history: History):
        pack = history.pack
        is_new = history.has_reading()
        if is_new and pack.accepted.slots > history.cells:
            self._keep(history)
            self._make_room(history, pack.accepted.slots)
            self._open(history, history.cells)
        if not history.cells:
            return
        window = (pack.read_ms if is_new else self._clock.uptime_ms()) // _RECORD_MS
        if window != history.window:
            self._keep(history)
            history.begin(window)
        if is_new:
            history.add(pack.accepted, pack.read_ms)
        if not history.is_stored and self._faults.may_retry(_OWNER % pack.name):
            self._open(history, history.cells)

    def _make_room(self, history: History, cells: int, start: int = 0):
        history.make_room(cells, start)
        history.begin(self._clock.uptime_ms() // _RECORD_MS)

    def _open(self, history: History, cells: int):
        """Find or create the store, for this number of cells or more.

        A failure of flash or memory is retried after a while, and before a record is written.
        """
        found = self._try(history, "open_store", cells, self._faults)
        if found is None or not found[0]:
            history.is_stored = False
            return
        if found[0] == history.cells:
            history.record[START] = found[1]
        else:
            if history.cells and history.record[READINGS]:
                self._faults.history_lost += 1
            self._make_room(history, *found)
        history.is_stored = True

    def _keep(self, history: History):
        if not history.cells or not history.record[READINGS]:
            return
        if not history.is_stored:
            self._open(history, history.cells)
        arguments = history.cells, history.record, self._clock, self._faults
        if history.record[READINGS] and not (history.is_stored and self._try(history, "keep", *arguments)):
            history.is_stored = False
            self._faults.history_lost += 1

    def _try(self, history: History, function: str, *arguments):
        """Call a function of archive.py; None after an error of flash or memory."""
        owner = _OWNER % history.pack.name
        try:
            with lazy(_ARCHIVE) as archive:
                result = getattr(archive, function)(self.folder, history.pack.name, *arguments)
            self._faults.worked(owner)
            return result
        except (OSError, MemoryError) as error:
            self._faults.failed(owner, error)
            return None


def start(context):
    """Start recording every pack."""
    heartbeat = context.watchdog.heartbeat()
    keeper = context.history = Keeper(context, heartbeat)
    context.supervisor.start("history", keeper.run, heartbeat)
    context.at_end.append(keeper.finish)
