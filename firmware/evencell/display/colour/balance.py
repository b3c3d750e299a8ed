"""Balancing: source and target, current, delta on its way to the trigger, estimated time left, temperature."""

from evencell.compat import const
from evencell.display.render.canvas import BAND, BUSY, DIM, GOOD, GRID, TEXT
from evencell.display.render.estimate import current, state, temperature, time_left
from evencell.display.render.paint import fill, strip
from evencell.display.render.prose import wrap
from evencell.display.render.sheet import TEXTS, WORDS, Sheet
from evencell.display.render.state import is_balanced
from evencell.display.trend import NOTHING
from evencell.pack.status import CHARGING, DISCHARGING, WAITING

_WIDE = const(240)  # pixels with room for large digits beside each other
_BOX = const(24)  # pixels of the balancer's side


def has_content(view) -> bool:
    """Once there is a reading of cells."""
    return view.pack.accepted.delta_mv is not None


def draw(canvas, view):
    """Draw rows at equal distances."""
    sheet = Sheet(canvas, view)
    words = view.words("balance")
    columns = (sheet.right - sheet.margin) // sheet.unit
    said = state(sheet)
    is_short = len(said) <= columns
    top = strip(sheet, said if is_short else words["title"], colour=TEXT if is_short else DIM)
    rows = [] if is_short else [_text_row(sheet, wrap(sheet, said))]
    role = WORDS if canvas.width >= _WIDE else TEXTS
    rows.append((_draw_way, sheet.line + _large(sheet) if role == WORDS else 2 * sheet.line, (role,)))
    ampere, delta = current(sheet.status).strip(), "Δ%d mV" % sheet.status.delta_mv
    if (len(ampere) + len(delta) + 1) * sheet.font(WORDS).width <= sheet.right - sheet.margin:
        rows.append((_draw_large, _large(sheet), (ampere, delta)))
    else:
        rows += [(_draw_large, _large(sheet), (ampere, "")), (_draw_large, _large(sheet), (delta, ""))]
    gauge = sheet.line
    rows.append((_draw_gauge, gauge, (gauge,)))
    below = [text for text in (time_left(sheet, words["left"]), temperature(sheet)) if text]
    free = columns - len("".join(below))
    rows.append(_text_row(sheet, [(" " * free).join(below)] if free > 0 else below))
    free = canvas.height - top - sum([row[1] for row in rows])
    for number, (function, height, arguments) in enumerate(rows):
        function(sheet, top + free * (number + 1) // (len(rows) + 1) & ~7, *arguments)
        top += height


def _large(sheet) -> int:
    """Height of a row of large letters."""
    return sheet.font(WORDS).height + 7 & ~7


def _text_row(sheet, lines: list) -> tuple:
    return _draw_text, len(lines) * sheet.line, (lines,)


def _draw_text(sheet, y: int, lines: list):
    for line in lines:
        sheet.text(line, sheet.margin, y + sheet.inset)
        y += sheet.line


def _draw_large(sheet, y: int, left: str, right: str):
    colour = TEXT if sheet.status.balance_state else DIM
    sheet.text(left, sheet.margin, y, TEXT if left[0] == "Δ" else colour, WORDS)
    sheet.text_right(right, sheet.right, y, role=WORDS)


def _draw_way(sheet, y: int, role: int):
    """Draw the cells at the sides, the balancer in the middle, an arrow where charge flows."""
    canvas, status = sheet.canvas, sheet.status
    wide = 4 * sheet.font(role).width
    for is_high, cell, x in (
        (True, status.highest_cell, sheet.margin),
        (False, status.lowest_cell, sheet.right - wide),
    ):
        sheet.mark(is_high, x, y + sheet.inset)
        sheet.text("%d" % cell, x + sheet.unit + 2, y + sheet.inset)
        sheet.text("%4d" % status.cells_mv[cell - 1], x, y + sheet.line, role=role)
    flow = WAITING if sheet.is_old else status.balance_state
    middle, centre = y + sheet.line & ~7, canvas.width // 2
    canvas.pixels.rect(centre - _BOX // 2, middle - _BOX // 2, _BOX, _BOX, 1)
    canvas.tint(centre - _BOX // 2, middle - _BOX // 2, _BOX, _BOX, DIM if sheet.is_old else TEXT)
    sheet.text("B", centre - sheet.unit // 2, middle - sheet.font(TEXTS).height // 2)
    left, right = sheet.margin + wide + 6, sheet.right - wide - 6
    _draw_line(canvas, left, centre - _BOX // 2 - 4, middle, flow == DISCHARGING)
    _draw_line(canvas, centre + _BOX // 2 + 4, right, middle, flow == CHARGING)


def _draw_line(canvas, left: int, right: int, y: int, is_flowing: bool):
    """Draw an arrow to the right, or a dotted line without flow."""
    if is_flowing:
        canvas.pixels.fill_rect(left, y - 3, right - left - 8, 6, 1)
        for i in range(10):
            canvas.pixels.vline(right - i, y - i, 2 * i, 1)
        canvas.tint(left, y - 8, right - left + 1, 16, BUSY)
    else:
        for x in range(left, right, 6):
            canvas.pixels.fill_rect(x, y - 1, 2, 2, 1)
        canvas.tint(left, y - 1, right - left, 2, GRID)


def _draw_gauge(sheet, y: int, height: int):
    """Draw the delta as a bar from 0 to the most of the last hour; the band of the trigger, or a cut where it ends."""
    canvas, status = sheet.canvas, sheet.status
    deltas_mv = sheet.view.trend_of(sheet.pack).hour.deltas_mv
    most_mv = max(2 * status.trigger_mv, status.delta_mv, *[each for each in deltas_mv if each != NOTHING])
    width = sheet.right - sheet.margin
    delta, trigger = status.delta_mv * width // most_mv, status.trigger_mv * width // most_mv
    colour = GOOD if is_balanced(status) else BUSY if status.balance_state else TEXT
    fill(canvas, sheet.margin, y, delta, height, DIM if sheet.is_old else colour)
    if delta < trigger:
        fill(canvas, sheet.margin + delta, y, trigger - delta, height, BAND)
    else:
        canvas.pixels.fill_rect(sheet.margin + trigger - 1, y, 2, height, 0)
