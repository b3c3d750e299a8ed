"""Trend of delta and pack voltage with axes: the last hour and the last day alternate."""

from evencell.compat import const
from evencell.display.render.sheet import Sheet, volts
from evencell.display.trend import NOTHING, POINTS

_TURNS = const(3)  # for the hour, and for the day
_MIN_SPAN_MV = const(20)  # a smaller one is measurement error, and shown as flat
_MIN_SPAN_CV = const(20)
_MARKS = const(4)  # quarters of the time


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
    lowest, highest = _ends(ring.deltas_mv, _MIN_SPAN_MV)
    _draw_plot(sheet, (ring.deltas_mv, newest), y, height, (lowest, highest), ("Δ%d" % lowest, "Δ%d mV" % highest))


def _draw_voltage(sheet, ring, newest: int, y: int, height: int):
    lowest, highest = _ends(ring.packs_cv, _MIN_SPAN_CV)
    texts = volts(10 * lowest).strip(), volts(10 * highest).strip() + " V"
    _draw_plot(sheet, (ring.packs_cv, newest), y, height, (lowest, highest), texts)


def _ends(values, least: int) -> tuple[int, int]:
    """Ends of the axis for a ring buffer; (0, 0) without a reading. `least`: its least span."""
    known = [value for value in values if value != NOTHING]
    return (min(known), max(max(known), min(known) + least)) if known else (0, 0)


def _draw_plot(sheet, course: tuple, y: int, height: int, ends: tuple, texts: tuple):
    """Draw the values from the oldest to the newest, between axes; gaps stay gaps.

    `course`: the values of a ring buffer, and the index of the newest; `texts`: numbers at the `ends` of the axis.
    """
    canvas, pixels = sheet.canvas, sheet.canvas.pixels
    (values, newest), (lowest, highest) = course, ends
    if lowest == highest:
        sheet.text(sheet.view.words("trend")["nothing"], sheet.margin, y)
        return
    sheet.text(texts[1], sheet.margin, y)
    sheet.text(texts[0], sheet.margin, y + height - sheet.line - 1)
    left, bottom = sheet.margin + len(texts[1]) * sheet.unit + 1, y + height - 4
    width, room = canvas.width - sheet.margin - left - 2, height - 5
    pixels.vline(left, bottom - room, room + 1, 1)
    pixels.hline(left, bottom + 1, width + 2, 1)
    for mark in range(_MARKS + 1):
        pixels.vline(left + 1 + mark * width // _MARKS, bottom + 2, 1, 1)
    before = None
    for i in range(POINTS):
        value = values[(newest + 1 + i) % POINTS]
        at = None
        if value != NOTHING:
            at = bottom - (value - lowest) * room // (highest - lowest)
            x = left + 1 + i * width // (POINTS - 1)
            start = left + 1 + (i - 1) * width // (POINTS - 1) if before is not None else x
            pixels.line(start, at if before is None else before, x, at, 1)
        before = at
