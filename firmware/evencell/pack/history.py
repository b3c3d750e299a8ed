"""Each cell's minimum, maximum and mean, minute by minute, and what the balancer did: a record for each 15 minutes.

A record is an `array("H")`, in this order; a value of 32 bits is two elements, the lower first:

 0 uptime at its beginning, s (32 bits)     2 UNIX time then (32 bits), 0 where nobody knew
 4 which start of the device                5 time observed, s     6 of that balancing, s
 7 readings                                 8 0 (32 bits)
10 for each cell: lowest, s; highest, s; charge given to it, 0.1 mAh; charge taken from it, 0.1 mAh
 … for each minute, for each cell: minimum, mV; maximum, mV; mean, 0.1 mV; all 0 where nothing was read

`history_store` keeps it; docs/health.md says what is made of it.
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
_APART_MV = const(5)  # the balancer's accuracy: nearer cells are equal
_LEAST_STEP_MS = const(10_000)
_TENTH_MAH = const(360)  # in mA s
_MOST = const(65_535)
_STORE = "evencell.pack.history_store"


def length(rows: int, cells: int) -> int:
    """Elements of a record with so many rows of minimum, maximum and mean."""
    return HEAD + cells * (4 + 3 * rows)


class History:
    """Of one pack. `record` is the one that grows; it is empty, and `cells` 0, before any cell was seen."""

    __slots__ = ("_counts", "_minute", "_most_ms", "_moved", "_part_ms", "_read_ms", "_seen", "_sums", "cells", "pack",
                 "record", "window")  # fmt: skip

    def __init__(self, pack, interval_ms: int):
        self.pack = pack
        self.cells = 0
        self.record = array("H")
        self.window = 0  # which 15 minutes of uptime
        self._seen = 0
        self._read_ms = None
        # A reading stands for the time since the one before, but not for a longer silence.
        self._most_ms = min(_MINUTE_MS, max(_LEAST_STEP_MS, 2 * interval_ms))

    def make_room(self, cells: int, start: int):
        """Begin with an empty record for so many cells, in this start of the device."""
        self.cells = cells
        self.record = array("H", bytes(2 * length(MINUTES, cells)))
        self.record[START] = start
        self._sums = array("I", bytes(4 * cells))
        self._counts = array("H", bytes(2 * cells))
        self._moved = array("I", bytes(8 * cells))  # mA s that are no 0.1 mAh yet, given and taken
        self._minute = -1
        self._part_ms = 0

    def is_new(self) -> bool:
        """Whether there is a reading that was not asked about before."""
        if self.pack.sequence == self._seen:
            return False
        self._seen = self.pack.sequence
        return True

    def begin(self, window: int):
        """Empty the record, for these 15 minutes of uptime."""
        record = self.record
        for i in range(len(record)):
            if i != START:
                record[i] = 0
        self.window = window
        began_s = window * (_RECORD_MS // 1000)
        record[0] = began_s & _MOST
        record[1] = began_s >> 16

    def add(self, status, read_ms: int):
        """Take in a reading of this uptime, which must be in the record's 15 minutes. Takes no heap."""
        minute = read_ms // _MINUTE_MS
        if minute != self._minute:
            self._minute = minute
            for cell in range(self.cells):
                self._sums[cell] = self._counts[cell] = 0
        cells_mv = status.cells_mv
        at = HEAD + self.cells * (4 + 3 * (minute % MINUTES))
        for cell in range(self.cells):
            if cells_mv[cell]:
                self._add_cell(cell, cells_mv[cell], at)
            at += 3
        record = self.record
        record[READINGS] = min(record[READINGS] + 1, _MOST)
        self._add_time(status, self._seconds(read_ms))

    def _add_cell(self, cell: int, voltage_mv: int, at: int):
        record, sums, counts = self.record, self._sums, self._counts
        sums[cell] += voltage_mv
        counts[cell] += 1
        if not record[at] or voltage_mv < record[at]:
            record[at] = voltage_mv
        if voltage_mv > record[at + 1]:
            record[at + 1] = voltage_mv
        record[at + 2] = min(sums[cell] * 10 // counts[cell], _MOST)

    def _seconds(self, read_ms: int) -> int:
        """Whole seconds that this reading stands for; what is left of a second counts the next time."""
        elapsed_ms = 0 if self._read_ms is None else min(read_ms - self._read_ms, self._most_ms)
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
        if status.delta_mv >= _APART_MV:
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
        moved = self._moved
        moved[place] += charge_mas
        self.record[at] = min(self.record[at] + moved[place] // _TENTH_MAH, _MOST)
        moved[place] %= _TENTH_MAH


class Keeper:
    """Takes in every reading, and has the records kept when their 15 minutes are over."""

    def __init__(self, context, progress):
        self._clock = context.clock
        self._log = context.log
        self._consumer = context.hub.subscribe(progress)
        self.folder = context.board.storage + "/history"
        self._is_failing = False
        packs = context.hub.packs
        self.histories = [
            History(packs[i], settings["interval_ms"]) for i, settings in enumerate(context.config["packs"])
        ]

    async def run(self):
        """Look whenever something changed."""
        self.find()
        while True:
            await self._consumer.changed()
            self.look()

    def find(self):
        """Find what was kept: it can be read before the first reading."""
        for i in range(len(self.histories) - 1, -1, -1):  # one may be removed
            if not self.histories[i].cells:
                self._make_room(self.histories[i], 0)

    def look(self):
        """Take in what is new, and keep what is whole."""
        for i in range(len(self.histories) - 1, -1, -1):
            self._look_at(self.histories[i])

    def _look_at(self, history: History):
        pack = history.pack
        is_new = history.is_new()
        if is_new and pack.accepted.slots > history.cells:
            self._keep(history)
            self._make_room(history, pack.accepted.slots)
        if not history.cells:
            return
        window = (pack.read_ms if is_new else self._clock.uptime_ms()) // _RECORD_MS
        if window != history.window:
            self._keep(history)
            history.begin(window)
        if is_new:
            history.add(pack.accepted, pack.read_ms)

    def _make_room(self, history: History, cells: int):
        """For so many cells at least, and for as many as there were."""
        found = self._try(history, "open_store", cells)
        if found is None:
            self.histories.remove(history)
            history.cells = 0
        elif found[0]:
            history.make_room(*found)
            history.begin(self._clock.uptime_ms() // _RECORD_MS)

    def _keep(self, history: History):
        if history.cells and history.record[READINGS]:
            self._try(history, "keep", history.cells, history.record, self._clock)

    def _try(self, history: History, function: str, *arguments):
        """What the store's function returns, or None where flash or memory refuse, which is logged once."""
        try:
            with lazy(_STORE) as store:
                result = getattr(store, function)(self.folder, history.pack.name, *arguments)
            self._is_failing = False
            return result
        except (OSError, MemoryError) as error:
            if not self._is_failing:
                self._is_failing = True
                self._log.warning("no history of %s: %s" % (history.pack.name, error))


def start(context):
    """Keep the history of every pack."""
    progress = context.watch.progress()
    keeper = context.history = Keeper(context, progress)
    context.supervisor.start("history", keeper.run, progress)
