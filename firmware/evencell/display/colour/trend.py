"""Trend of delta and pack voltage with axes: the last hour and the last day alternate."""

from evencell.compat import const
from evencell.display.render.canvas import DIM, GOOD, GRID, TEXT
from evencell.display.render.paint import strip
from evencell.display.render.sheet import TEXTS, Sheet, volts
from evencell.display.trend import NOTHING, POINTS

_TURNS = const(3)  # for the hour, and for the day
_MIN_SPAN_MV = const(20)  # of an axis: a few millivolts are no more than the accuracy
_MIN_SPAN_CV = const(50)
_DOT = const(6)  # pixels from a dot of a grid line to the next
_TRIGGER_DOT = const(3)
_MIN_TICKS = const(4)
_GAP = const(4)  # pixels between numbers and curve


def has_content(view) -> bool:
    """Once there is a reading."""
    return bool(view.pack.sequence)


def draw(canvas, view):
    """Draw both curves, each below its latest value, and the time below them."""
    sheet = Sheet(canvas, view)
    status, words, trend = sheet.status, view.words("trend"), view.trend_of(sheet.pack)
    is_day = view.turn // _TURNS & 1
    ring = trend.day if is_day else trend.hour
    newest = ring.advance_to(view.clock.uptime_ms())
    top = strip(sheet, words["day" if is_day else "hour"])
    x, width, height = sheet.margin, sheet.right - sheet.margin, canvas.height - top - sheet.line
    if 2 * canvas.width >= 3 * canvas.height:
        width = (width - x) // 2
        places = (x, top), (canvas.width - x - width, top)  # side by side
    else:
        height = height // 2 & ~7
        places = (x, top), (x, top + height)
    axis = (5 if status.pack_mv >= 100_000 else 4) * sheet.unit + _GAP
    delta = _Plot(sheet, places[0], (width, height), axis)
    latest = "" if status.delta_mv is None else "Δ%d mV" % status.delta_mv
    delta.draw((ring.deltas_mv, newest), latest, (0, _MIN_SPAN_MV), 1, status.trigger_mv)
    pack = _Plot(sheet, places[1], (width, height), axis)
    pack.draw((ring.packs_cv, newest), volts(status.pack_mv).strip() + " V", (None, _MIN_SPAN_CV), 100)
    labels = ("-24 h", "-12") if is_day else ("-60 min", "-30")
    for x in {place[0] for place in places}:
        _draw_time(sheet, (x + axis, x + width), canvas.height - sheet.line, labels)


def _draw_time(sheet, ends: tuple, y: int, labels: tuple):
    """Draw begin, middle and end of the time axis; without the middle where there is no room."""
    y += sheet.inset
    x, right = ends
    first, middle = labels
    sheet.text(first, x, y, DIM)
    sheet.text_right("0", right, y, DIM)
    left = x + (right - x - len(middle) * sheet.unit) // 2
    if left > x + (len(first) + 1) * sheet.unit:
        sheet.text(middle, left, y, DIM)


def ticks_of(lowest: int, highest: int, most: int) -> tuple[int, int, int]:
    """Begin, end and step of an axis: the smallest step of 1, 2, 5, 10, 20 … that occurs at most so often."""
    scale = 1
    while True:
        for step in (scale, 2 * scale, 5 * scale):
            begin, end = lowest // step, (highest + step - 1) // step
            if end - begin <= most:
                return begin * step, end * step, step
        scale *= 10


class _Plot:
    """A curve with its axis, below a line of text."""

    def __init__(self, sheet, place: tuple, size: tuple, axis: int):
        """`axis`: pixels of its numbers."""
        self._sheet = sheet
        self._left = place[0]
        self._x = place[0] + axis
        self._y = place[1] + sheet.line
        self._right = place[0] + size[0]
        self._room = size[1] - sheet.line - 4
        self._begin = self._end = 0

    def draw(self, course: tuple, latest: str, least: tuple, scale: int, limit: int = -1):
        """Draw the values of a ring buffer, and the latest as text above.

        `course`: the values, index of the newest; `least`: begin of the axis, None for the lowest value, and its least
        span; the numbers are divided by `scale`; `limit`: a value with a line.
        """
        sheet = self._sheet
        values, newest = course
        known = [value for value in values if value != NOTHING]
        y = self._y - sheet.line + sheet.inset
        if not known:
            sheet.text(sheet.view.words("trend")["nothing"], self._left, y)
            return
        sheet.text(latest, self._x, y)
        begin, span = least
        lowest, highest = min(known), max(known)
        missing = max(0, span - (highest - lowest)) // 2
        lowest, highest = (lowest - missing, highest + missing) if begin is None else (begin, max(span, highest))
        self._begin, self._end, step = ticks_of(lowest, highest, max(_MIN_TICKS, self._room // sheet.line))
        sheet.canvas.tint(self._x, self._y, self._right - self._x, self._room + 4, GRID)
        self._draw_curve(values, newest)
        if 0 <= limit <= self._end:
            self._draw_dots(limit, _TRIGGER_DOT, GOOD)
        count = (self._end - self._begin) // step
        every = 1  # so that each number has a line for itself
        while every < count and (count % every or every * self._room < count * sheet.line):
            every += 1
        for tick in range(count + 1):
            value = self._begin + tick * step
            self._draw_dots(value, _DOT, GRID)
            if tick % every == 0:
                text = "%d" % value if scale == 1 else "%.1f" % (value / scale)
                sheet.text_right(text, self._x - _GAP, self._at(value) - sheet.font(TEXTS).height // 2, DIM)

    def _at(self, value: int) -> int:
        return self._y + self._room - (value - self._begin) * self._room // (self._end - self._begin)

    def _draw_curve(self, values, newest: int):
        """Draw from the oldest value to the newest; gaps stay gaps."""
        sheet, canvas = self._sheet, self._sheet.canvas
        width = self._right - self._x - 1
        before = None
        for i in range(POINTS):
            value = values[(newest + 1 + i) % POINTS]
            if value == NOTHING:
                before = None
                continue
            y, x = self._at(value), self._x + i * width // (POINTS - 1)
            start = x if before is None else self._x + (i - 1) * width // (POINTS - 1)
            before = y if before is None else before
            canvas.pixels.line(start, before, x, y, 1)
            canvas.pixels.line(start, before + 1, x, y + 1, 1)
            canvas.tint(start, min(before, y), x - start + 1, abs(before - y) + 2, DIM if sheet.is_old else TEXT)
            before = y

    def _draw_dots(self, value: int, pitch: int, colour: int):
        """Draw a dotted line at a value, but for where there is another colour."""
        canvas, y = self._sheet.canvas, self._at(value)
        for x in range(self._x, self._right, pitch):
            if canvas.tints.pixel(x, y // 8) == GRID:
                canvas.pixels.pixel(x, y, 1)
                canvas.tint(x, y, 1, 1, colour)
