"""The lowest and the highest that each cell has ever been, where that is kept: in the profile `display`."""

from evencell.compat import const
from evencell.display.canvas import DIM, HIGH, LOW
from evencell.display.sheet import Sheet

_TURNS = const(2)  # of a part of the cells, where not all have room
_LOWEST = const(3)  # characters before it, and before the highest
_HIGHEST = const(10)


def wanted(view) -> bool:
    """Where it is kept, as soon as something was read."""
    return bool(view.context.extremes and view.pack.sequence)


def draw(canvas, view):
    """A line for each cell."""
    sheet = Sheet(canvas, view, False)
    y = 0 if sheet.is_tiny else sheet.header(view.words("extremes")["title"])
    lowest_mv, highest_mv = view.context.extremes.of(view.pack)
    slots, rows = sheet.status.slots, (canvas.height - y) // sheet.line
    parts = max(1, (slots + rows - 1) // rows)
    first = view.turn // _TURNS % parts * rows
    for cell in range(first, min(first + rows, slots)):
        sheet.text("%2d" % (cell + 1), sheet.margin, y, DIM)
        _draw_value(sheet, False, lowest_mv[cell], _LOWEST, y)
        _draw_value(sheet, True, highest_mv[cell], _HIGHEST, y)
        y += sheet.line


def _draw_value(sheet, is_high: bool, cell_mv: int, characters: int, y: int):
    x = sheet.margin + characters * sheet.unit
    if cell_mv:
        sheet.mark(is_high, x, y)
        sheet.text("%4d" % cell_mv, x + sheet.unit * 3 // 2, y, HIGH if is_high else LOW)
