"""Cell health: sums and drift over a pack's month (docs/health.md); health_report.py formats them. Loaded on demand.

Unproven on a real pack.
"""

from evencell.compat import const
from evencell.history.recorder import BALANCING_S, HEAD, OBSERVED_S, row_at
from evencell.history.store import REST_BITS, ROWS

_ROW_S = const(900)
_DAY_S = const(86_400)
_MIN_ROWS = const(4)  # at rest, for a day to count


class Health:
    """Sums of records of two hours.

    `sums` of each cell: time as the lowest and as the highest, s; charge given and taken, 0.1 mAh. `energy`: taken
    from the cells, 0.1 mWh.
    """

    def __init__(self, cells: int):
        self.cells = cells
        self.observed_s = self.balancing_s = 0
        self.sums = [[0, 0, 0, 0] for _ in range(cells)]
        self.energy = 0
        self.drift = Drift(cells)

    def add(self, record, start_s):
        """Add a record that began at `start_s`; without a time (None) it does not count for drift."""
        cells = self.cells
        self.observed_s += record[OBSERVED_S]
        self.balancing_s += record[BALANCING_S]
        for cell in range(cells):
            sums = self.sums[cell]
            for kind in range(4):
                sums[kind] += record[HEAD + 4 * cell + kind]
            self.energy += record[HEAD + 4 * cell + 3] * _mean(record, cell, cells) // 10_000
        if start_s is None:
            return
        for row in range(ROWS):
            if record[REST_BITS] >> row & 1:
                at = row_at(row, cells)
                means = [record[at + 3 * cell + 2] for cell in range(cells)]
                self.drift.add((start_s + row * _ROW_S) // _DAY_S, means)


class Drift:
    """Linear regression of each cell's deviation from the average at rest, with one mean per day.

    `days`: number of days with enough rest. Sums over them: `x`, `xx`, and of each cell `y` (y, x y, y y); x in days,
    y in 0.01 mV.
    """

    def __init__(self, cells: int):
        self.days = 0
        self._day = self._first = -1
        self._rows = 0
        self._connected = 0
        self._today = [0] * cells  # 0.1 mV
        self.x = self.xx = 0
        self.y = [[0, 0, 0] for _ in range(cells)]

    def add(self, day: int, means: list):
        """Add a row at rest: the cells' means in 0.1 mV, 0 if missing. A row that lacks a cell is ignored."""
        connected = len([mean for mean in means if mean])
        if connected < self._connected or not connected:
            return
        self._connected = connected
        if day != self._day:
            self.end_day()
            self._day = day
        self._rows += 1
        average = sum(means) // connected
        for cell in range(len(means)):
            if means[cell]:
                self._today[cell] += means[cell] - average

    def end_day(self):
        """Add the day's means to the regression, if it had enough rest."""
        if self._rows >= _MIN_ROWS:
            if self._first < 0:
                self._first = self._day
            x = self._day - self._first
            self.days += 1
            self.x += x
            self.xx += x * x
            for cell in range(len(self.y)):
                y = 10 * self._today[cell] // self._rows
                sums = self.y[cell]
                sums[0] += y
                sums[1] += x * y
                sums[2] += y * y
        self._rows = 0
        self._today = [0] * len(self.y)


def _mean(record, cell: int, cells: int) -> int:
    """A cell's mean over the record, 0.1 mV."""
    means = [record[row_at(row, cells) + 3 * cell + 2] for row in range(ROWS)]
    return sum(means) // max(1, len([mean for mean in means if mean]))
