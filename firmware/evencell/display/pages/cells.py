"""A bar for each cell, and its millivolts; marks on the highest and the lowest."""

from evencell.compat import const
from evencell.display.render.sheet import Sheet

_MIN_SPAN_MV = const(20)  # a smaller one is measurement error, and shown as flat
_MIN_CHART = const(24)  # pixels
_ENTRY = const(8)  # characters of a cell's number, its millivolts and its mark
_TURNS = const(2)  # for each part of the cells, if not all fit


def has_content(view) -> bool:
    """Once there is a reading."""
    return bool(view.pack.sequence)


def draw(canvas, view):
    """Draw the bars, and millivolts under each bar, in columns, or of the highest and lowest only."""
    sheet = Sheet(canvas, view)
    status = sheet.status
    top = 0 if sheet.is_tiny else sheet.header(view.words("cells")["title"])
    if not status.slots:
        return
    pitch = (canvas.width - 2 * sheet.margin) // status.slots
    if pitch > 4 * sheet.unit:
        bottom = sheet.bottom - sheet.line
        _draw_labels(sheet, pitch, bottom)
    else:
        bottom = _draw_entries(sheet, top)
    _draw_bars(sheet, pitch, top, bottom - 2)
    if sheet.is_tiny and sheet.is_old:
        sheet.age_bar(sheet.bottom - sheet.line)


def _left(sheet, pitch: int) -> int:
    """The first bar's x: centred."""
    return (sheet.canvas.width - pitch * sheet.status.slots) // 2


def _is_marked(status, cell: int) -> bool:
    """Whether a cell is the highest or the lowest; cells from 0."""
    return bool(status.delta_mv) and cell + 1 in (status.highest_cell, status.lowest_cell)


def _draw_bars(sheet, pitch: int, top: int, bottom: int):
    """Draw the bars: a fixed stump, and the difference to the lowest cell."""
    canvas, status = sheet.canvas, sheet.status
    left, gap = _left(sheet, pitch), max(1, pitch // 5)
    marks = sheet.unit // 2 + 3
    room = bottom - top - marks
    stump = room // 4
    span_mv = max(status.delta_mv or 0, _MIN_SPAN_MV)
    for cell in range(status.slots):
        x, width, voltage_mv = left + cell * pitch + gap // 2, pitch - gap, status.cells_mv[cell]
        if not voltage_mv:
            canvas.pixels.rect(x, bottom - stump, width, stump, 1)
            continue
        height = stump + (voltage_mv - status.cells_mv[status.lowest_cell - 1]) * (room - stump) // span_mv
        canvas.pixels.fill_rect(x, bottom - height, width, height, 1)
        if _is_marked(status, cell):
            size = min(sheet.unit, width) // 2
            is_high = cell + 1 == status.highest_cell
            sheet.mark(is_high, x + width // 2 - size, bottom - height - 2 * size - 2, size)
    if sheet.is_old:
        sheet.fade(left, top, pitch * status.slots, bottom - top)


def _draw_labels(sheet, pitch: int, y: int):
    left = _left(sheet, pitch) + (pitch - 4 * sheet.unit) // 2
    for cell in range(sheet.status.slots):
        sheet.text(_millivolts(sheet, cell), left + cell * pitch, y)


def _millivolts(sheet, cell: int) -> str:
    voltage_mv = sheet.status.cells_mv[cell]
    return "%4d" % voltage_mv if voltage_mv else sheet.view.words("cells")["open"]


def _draw_entries(sheet, top: int) -> int:
    """Draw number, millivolts and mark of the cells in columns; returns the y above them."""
    canvas, slots = sheet.canvas, sheet.status.slots
    columns = (canvas.width - sheet.margin) // (_ENTRY * sheet.unit)
    rows = (canvas.height - top - _MIN_CHART) // sheet.line
    needed = (slots + columns - 1) // columns
    if rows < 3 and needed > rows:
        return _draw_extremes(sheet)
    parts = (needed + rows - 1) // rows
    rows = (needed + parts - 1) // parts
    first = sheet.view.turn // _TURNS % parts * rows * columns
    y = sheet.bottom - rows * sheet.line
    for cell in range(first, min(first + rows * columns, slots)):
        column, row = (cell - first) // rows, (cell - first) % rows
        _draw_entry(sheet, cell, sheet.margin + column * _ENTRY * sheet.unit, y + row * sheet.line)
    return y


def _draw_entry(sheet, cell: int, x: int, y: int):
    sheet.text("%2d" % (cell + 1), x, y)
    x = sheet.text(_millivolts(sheet, cell), x + 5 * sheet.unit // 2, y)
    if _is_marked(sheet.status, cell):
        sheet.mark(cell + 1 == sheet.status.highest_cell, x, y)


def _draw_extremes(sheet) -> int:
    """Draw the highest cell at the left, the lowest at the right; returns the y above them."""
    canvas, status = sheet.canvas, sheet.status
    y = sheet.bottom - sheet.line
    if status.delta_mv is not None:
        for is_high, cell, x in ((True, status.highest_cell, 0), (False, status.lowest_cell, canvas.width // 2)):
            sheet.mark(is_high, x, y)
            sheet.text("%d %d" % (cell, status.cells_mv[cell - 1]), x + sheet.unit, y)
    return y
