"""Trend of delta and pack voltage: the last hour and the last day alternate."""

from evencell.compat import const
from evencell.display.render.sheet import Sheet, volts
from evencell.display.trend import NOTHING, POINTS

_TURNS = const(3)  # for the hour, and for the day
_MIN_SPAN_MV = const(20)  # a smaller one is measurement error, and shown as flat
_MIN_SPAN_CV = const(20)


def has_content(view) -> bool:
    """Once there is a reading."""
    return bool(view.pack.sequence)


def draw(canvas, view):
    """Draw both curves, alternating on a tiny display."""
    sheet = Sheet(canvas, view)
    trend, words = view.trend_of(sheet.pack), view.words("trend")
    is_day = view.turn // _TURNS & 1
    ring = trend.day if is_day else trend.hour
    title = words["day" if is_day else "hour"]
    newest = ring.advance_to(view.clock.uptime_ms())
    if sheet.is_tiny:
        if view.turn // _TURNS & 2:
            _draw_voltage(sheet, ring, newest, 0, canvas.height)
        else:
            _draw_delta(sheet, ring, newest, 0, canvas.height)
        sheet.text_right("24 h" if is_day else "1 h", sheet.right, 0)
        if sheet.is_old:
            sheet.age_bar(sheet.bottom - sheet.line)
        return
    top = sheet.header(title)
    height = (canvas.height - top) // 2
    _draw_delta(sheet, ring, newest, top, height)
    _draw_voltage(sheet, ring, newest, top + height, height)


def _draw_delta(sheet, ring, newest: int, y: int, height: int):
    lowest, highest = _extremes(ring.deltas_mv)
    label = "Δ%d-%d mV" % (lowest, highest) if highest >= 0 else ""
    _draw_curve(sheet, ring.deltas_mv, newest, y, height, label, (lowest, max(highest, lowest + _MIN_SPAN_MV)))


def _draw_voltage(sheet, ring, newest: int, y: int, height: int):
    lowest, highest = _extremes(ring.packs_cv)
    label = "%s-%s V" % (volts(10 * lowest).strip(), volts(10 * highest).strip()) if highest >= 0 else ""
    _draw_curve(sheet, ring.packs_cv, newest, y, height, label, (lowest, max(highest, lowest + _MIN_SPAN_CV)))


def _extremes(values) -> tuple[int, int]:
    """Minimum and maximum of a ring buffer; (0, -1) without a reading."""
    lowest, highest = NOTHING, -1
    for value in values:
        if value != NOTHING:
            lowest, highest = min(lowest, value), max(highest, value)
    return (lowest, highest) if highest >= 0 else (0, -1)


def _draw_curve(sheet, values, newest: int, y: int, height: int, label: str, span: tuple):
    """Draw a label, and below it the values from the oldest to the newest; gaps stay gaps."""
    canvas = sheet.canvas
    sheet.text(label or sheet.view.words("trend")["nothing"], sheet.margin, y)
    lowest, highest = span
    width = canvas.width - 2 * sheet.margin - 1
    bottom = y + height - 3
    room = height - sheet.line - 5
    before = None
    for i in range(POINTS):
        value = values[(newest + 1 + i) % POINTS]
        at = None
        if value != NOTHING:
            at = bottom - (value - lowest) * room // (highest - lowest)
            x = sheet.margin + i * width // (POINTS - 1)
            start = sheet.margin + (i - 1) * width // (POINTS - 1) if before else x
            canvas.pixels.line(start, before or at, x, at, 1)
        before = at
