"""Lowest and highest voltage of each cell since the last reset, and their difference (profile `display`)."""

from evencell.compat import const
from evencell.display.render.sheet import Sheet

_TURNS = const(2)  # for each part of the cells, if not all fit
_LOWEST = const(3)  # columns, in characters
_HIGHEST = const(10)


def has_content(view) -> bool:
    """Where extremes are kept, once there is a reading."""
    return bool(view.context.extremes and view.pack.sequence)


def draw(canvas, view):
    """Draw a line for each cell."""
    sheet = Sheet(canvas, view, False)
    y = 0 if sheet.is_tiny else sheet.header(view.words("extremes")["title"])
    lowest_mv, highest_mv = view.context.extremes.of(view.pack)
    slots, rows = sheet.status.slots, (canvas.height - y) // sheet.line
    parts = max(1, (slots + rows - 1) // rows)
    first = view.turn // _TURNS % parts * rows
    for cell in range(first, min(first + rows, slots)):
        sheet.text("%2d" % (cell + 1), sheet.margin, y)
        if lowest_mv[cell]:
            _draw_value(sheet, False, lowest_mv[cell], _LOWEST, y)
            _draw_value(sheet, True, highest_mv[cell], _HIGHEST, y)
            sheet.text_right("%d" % (highest_mv[cell] - lowest_mv[cell]), sheet.right, y)
        y += sheet.line


def _draw_value(sheet, is_high: bool, cell_mv: int, characters: int, y: int):
    x = sheet.margin + characters * sheet.unit
    sheet.mark(is_high, x, y)
    sheet.text("%4d" % cell_mv, x + sheet.unit * 3 // 2, y)
