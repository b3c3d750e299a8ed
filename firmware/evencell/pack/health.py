"""Which cell is dying: figures of one pack's month, and one sentence. docs/health.md defines each of them.

In memory only while they are worked out. Nothing here was ever held against a real pack.
"""

import json

from evencell.compat import const
from evencell.pack.history import BALANCING_S, HEAD, OBSERVED_S
from evencell.pack.history_store import REST_BITS, ROWS, row_at

_ROW_S = const(900)
_DAY_S = const(86_400)
_ROWS_A_DAY = const(4)  # at rest, before a day counts
_DAYS = const(5)  # with rest, before there is a drift
_LEAST_SEEN_S = const(86_400)
_OFTEN_PERCENT = const(50)
_BOTH_PERCENT = const(20)
_DRIFT = const(50)  # 0.01 mV a day
_LEAST_CHARGE = const(100)  # 0.1 mAh a day
_CHARGE = ',"given_mah":%s,"taken_mah":%s'
_SWINGS = (
    "Cell %d was the lowest in %d %% and the highest in %d %% of the time: it gives way under load and rises on "
    "charge. Check its wires and plugs first; else its resistance has grown."
)


class Health:
    """Adds up records of two hours."""

    def __init__(self, cells: int):
        self._cells = cells
        self._observed_s = self._balancing_s = 0
        self._sums = [[0, 0, 0, 0] for _ in range(cells)]  # lowest, highest: s; given, taken: 0.1 mAh
        self._energy = 0  # taken from cells, 0.1 mWh
        self._drift = Drift(cells)

    def add(self, record, start_s):
        """A record that began at `start_s`; one whose time nobody knows (None) tells nothing of drift."""
        cells = self._cells
        self._observed_s += record[OBSERVED_S]
        self._balancing_s += record[BALANCING_S]
        for cell in range(cells):
            sums = self._sums[cell]
            for kind in range(4):
                sums[kind] += record[HEAD + 4 * cell + kind]
            self._energy += record[HEAD + 4 * cell + 3] * _mean(record, cell, cells) // 10_000
        if start_s is None:
            return
        for row in range(ROWS):
            if record[REST_BITS] >> row & 1:
                at = row_at(row, cells)
                means = [record[at + 3 * cell + 2] for cell in range(cells)]
                self._drift.add((start_s + row * _ROW_S) // _DAY_S, means)

    def pieces(self):
        """Generates the JSON object."""
        self._drift.end_day()
        given, taken = [sum([sums[kind] for sums in self._sums]) for kind in (2, 3)]
        yield '{"observed_s":%d,"balancing_s":%d,"rest_days":%d' % (
            self._observed_s,
            self._balancing_s,
            self._drift.days,
        )
        yield _CHARGE % (_tenths(given), _tenths(taken))
        yield ',"taken_mwh":%s,"cells":[' % _tenths(self._energy)
        for cell in range(self._cells):
            lowest_s, highest_s, given, taken = self._sums[cell]
            drift, error = self._drift.of(cell) or (None, None)
            yield "," if cell else ""
            yield '{"lowest_percent":%d,"highest_percent":%d' % (self._percent(lowest_s), self._percent(highest_s))
            yield _CHARGE % (_tenths(given), _tenths(taken))
            yield ',"drift_mv_per_day":%s,"drift_error_mv_per_day":%s}' % (_hundredths(drift), _hundredths(error))
        cell, sentence = self.verdict()
        yield '],"weakest_cell":%s,"verdict":%s}' % (cell or "null", json.dumps(sentence))

    def verdict(self) -> tuple:
        """The number of the cell that stands out, or None, and a sentence."""
        if self._observed_s < _LEAST_SEEN_S:
            return None, "Too little was seen for a verdict: %d of 24 hours." % (self._observed_s // 3600)
        cell = self._swinging()
        if cell is not None:
            lowest_s, highest_s, _, _ = self._sums[cell]
            return cell + 1, _SWINGS % (cell + 1, self._percent(lowest_s), self._percent(highest_s))
        best, reasons = None, []
        for cell in range(self._cells):
            found = self._reasons(cell)
            if len(found) > len(reasons):
                best, reasons = cell, found
        if best is None:
            return None, "No cell stands out."
        end = ": probably the weakest cell." if len(reasons) > 1 else ": one sign alone, watch it."
        listed = " and ".join([", ".join(reasons[:-1])] * (len(reasons) > 1) + reasons[-1:])
        return best + 1, "Cell %d %s%s" % (best + 1, listed, end)

    def _swinging(self):
        for cell in range(self._cells):
            lowest_s, highest_s, _, _ = self._sums[cell]
            if min(self._percent(lowest_s), self._percent(highest_s)) >= _BOTH_PERCENT:
                return cell
        return None

    def _reasons(self, cell: int) -> list:
        """What speaks against this cell, as parts of a sentence."""
        lowest_s, _, given, _ = self._sums[cell]
        reasons = []
        drift, error = self._drift.of(cell) or (0, 0)
        if drift <= -_DRIFT and -drift > 2 * error:
            reasons.append("drifts −%s mV a day" % _tenths((5 - drift) // 10))
        if self._percent(lowest_s) >= _OFTEN_PERCENT:
            reasons.append("was the lowest in %d %% of the time" % self._percent(lowest_s))
        all_given = sum([sums[2] for sums in self._sums])
        if 100 * given >= _OFTEN_PERCENT * all_given and given * _DAY_S >= _LEAST_CHARGE * self._observed_s:
            reasons.append("got %d %% of the charge that balancing gave" % (100 * given // all_given))
        return reasons

    def _percent(self, seconds: int) -> int:
        return 100 * seconds // self._observed_s if self._observed_s else 0


class Drift:
    """The slope of each cell's distance from the average at rest: a straight line through one mean for each day.

    `days` are those with enough rest.
    """

    def __init__(self, cells: int):
        self.days = 0
        self._day = self._first = -1
        self._rows = 0
        self._connected = 0
        self._today = [0] * cells  # 0.1 mV
        self._x = self._xx = 0
        self._y = [[0, 0, 0] for _ in range(cells)]  # sums of y, x y, y y; y in 0.01 mV

    def add(self, day: int, means: list):
        """A row at rest: the cells' means in 0.1 mV, 0 where there is none. With a cell missing it says nothing."""
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
        """Take the day's means into the lines, if it had enough rest."""
        if self._rows >= _ROWS_A_DAY:
            if self._first < 0:
                self._first = self._day
            x = self._day - self._first
            self.days += 1
            self._x += x
            self._xx += x * x
            for cell in range(len(self._y)):
                y = 10 * self._today[cell] // self._rows
                sums = self._y[cell]
                sums[0] += y
                sums[1] += x * y
                sums[2] += y * y
        self._rows = 0
        self._today = [0] * len(self._y)

    def of(self, cell: int):
        """Slope and its standard error in 0.01 mV a day; None before there are days enough."""
        n = self.days
        spread = n * self._xx - self._x * self._x
        if n < _DAYS or not spread:
            return None
        y, xy, yy = self._y[cell]
        rise = n * xy - self._x * y
        left = n * yy - y * y - rise * rise // spread
        return round(rise / spread), round((max(left, 0) / (n - 2) / spread) ** 0.5)


def _mean(record, cell: int, cells: int) -> int:
    """A cell's mean over the record, 0.1 mV."""
    means = [record[row_at(row, cells) + 3 * cell + 2] for row in range(ROWS)]
    return sum(means) // max(1, len([mean for mean in means if mean]))


def _tenths(value: int) -> str:
    return "%d.%d" % (value // 10, value % 10)


def _hundredths(value) -> str:
    if value is None:
        return "null"
    return "%s%d.%02d" % ("-" if value < 0 else "", abs(value) // 100, abs(value) % 100)
