"""Each cell's millivolts, and a bar for its distance from the average."""

from evencell.compat import const
from evencell.display.render.bars import Bars, marks_of
from evencell.display.render.canvas import ALARM, DIM, TEXT
from evencell.display.render.paint import strip
from evencell.display.render.sheet import TEXTS, WORDS, Sheet

_ENTRY = const(7)  # characters of a cell's number, its mark and its millivolts
_MIN_BAR = const(24)  # pixels of a bar beside an entry
_MIN_CHART = const(20)  # pixels of bars above the entries
_GAP = const(8)
_EDGE = const(2)  # pixels beside the columns of entries
_TURNS = const(2)  # for each part of the cells, if not all fit


def has_content(view) -> bool:
    """Once there is a reading."""
    return bool(view.pack.sequence)


def draw(canvas, view):
    """Draw a line for each cell, in as few columns as hold them all, with a bar beside each or with all bars above."""
    sheet = Sheet(canvas, view)
    status = sheet.status
    bars = None if status.delta_mv is None else Bars(sheet)
    top = strip(sheet, sheet.name or view.words("cells")["title"], bars.scale() if bars else "")
    if not status.slots:
        return
    height, slots, width = canvas.height - top, status.slots, canvas.width - 2 * _EDGE
    for role in (WORDS, TEXTS):
        unit, line = sheet.font(role).width, sheet.font(role).height + 7 & ~7
        rows = height // line
        columns = (slots + rows - 1) // rows
        bar = width // columns - _ENTRY * unit - _GAP
        if bar >= _MIN_BAR:
            break
    columns = min(columns, width // (_ENTRY * unit))
    parts = (slots + rows * columns - 1) // (rows * columns)
    rows = min(rows, (slots + parts * columns - 1) // (parts * columns))
    pitch = min(height // rows & ~7, 2 * line)
    if bars and bar < _MIN_BAR and height - rows * line >= _MIN_CHART:
        pitch = line
        chart = height - rows * line & ~7
        bars.draw(_EDGE, top, width, chart)
        top += chart
    else:
        top += (height - rows * pitch) // 2 & ~7
    first = view.turn // _TURNS % parts * rows * columns
    for cell in range(first, min(first + rows * columns, slots)):
        x = _EDGE + (cell - first) // rows * (width // columns)
        y = top + (cell - first) % rows * pitch
        if bars and bar >= _MIN_BAR:
            bars.draw_beside(cell, x + width // columns - bar, y, bar - _EDGE, pitch)
        _draw_entry(sheet, bars, cell, (x, y + ((pitch - line) // 2 & ~7), role))


def _draw_entry(sheet, bars, cell: int, place: tuple):
    """Draw number, mark and millivolts. `place`: x and y of the line, font."""
    x, y, role = place
    font = sheet.font(role)
    y += (-font.height & 7) // 2
    sheet.text("%2d" % (cell + 1), x, y, DIM, role)
    marks = marks_of(sheet)
    if cell + 1 in marks:
        sheet.mark(cell + 1 == marks[0], x + 2 * font.width, y, font.width // 2)
    voltage_mv = sheet.status.cells_mv[cell]
    colour = ALARM if bars and bars.colour(cell) == ALARM else TEXT
    if voltage_mv:
        sheet.text("%4d" % voltage_mv, x + 3 * font.width, y, colour, role)
    else:  # in small letters: the large font has not all
        sheet.text(sheet.view.words("cells")["open"], x + 3 * font.width, y, colour)
