"""Balancing: source and target, current, temperature, estimated time left."""

from evencell.compat import const
from evencell.display.render.estimate import current, state, temperature, time_left
from evencell.display.render.sheet import WORDS, Sheet
from evencell.display.render.state import is_balanced
from evencell.pack.status import CHARGING, DISCHARGING

_BOX = const(12)  # pixels of the balancer's side


def has_content(view) -> bool:
    """Once there is a reading of cells."""
    return view.pack.accepted.delta_mv is not None


def draw(canvas, view):
    """Draw state, highest cell, balancer and lowest cell with the flow of charge, current, time left."""
    sheet = Sheet(canvas, view)
    words = view.words("balance")
    bottom = sheet.bottom - sheet.line
    if sheet.is_tiny:
        _draw_way(sheet, 0)
        sheet.text(current(sheet.status), sheet.margin, bottom)
        sheet.text_right(words["done"] if is_balanced(sheet.status) else time_left(sheet, "~%s"), sheet.right, bottom)
        if sheet.is_old:
            sheet.age_bar(bottom)
        return
    top = sheet.header(state(sheet))
    gap = (bottom - top - 2 * sheet.line - sheet.font(WORDS).height) // 3
    _draw_way(sheet, top + gap)
    sheet.text(current(sheet.status), sheet.margin, top + 2 * gap + 2 * sheet.line, role=WORDS)
    _draw_below(sheet, bottom, time_left(sheet, words["left"]), temperature(sheet))


def _draw_below(sheet, y: int, left: str, right: str):
    """Draw both texts in one line; if that is too long, they alternate."""
    if (len(left) + len(right)) * sheet.unit >= sheet.right - sheet.margin:
        if sheet.view.turn & 1:
            left = right
        right = ""
    sheet.text(left, sheet.margin, y)
    sheet.text_right(right, sheet.right, y)


def _draw_way(sheet, y: int):
    """Draw two lines: the cells at the sides, the balancer in the middle, an arrow where charge flows."""
    canvas, status = sheet.canvas, sheet.status
    for is_high, cell, x in (
        (True, status.highest_cell, sheet.margin),
        (False, status.lowest_cell, sheet.right - 4 * sheet.unit),
    ):
        sheet.mark(is_high, x, y)
        sheet.text("%d" % cell, x + sheet.unit, y)
        sheet.text("%4d" % status.cells_mv[cell - 1], x, y + sheet.line)
    balance_state = None if sheet.is_old else status.balance_state
    middle, centre = y + sheet.line, canvas.width // 2
    canvas.pixels.rect(centre - _BOX // 2, middle - _BOX // 2, _BOX, _BOX, 1)
    sheet.text("B", centre - sheet.unit // 2, middle - sheet.line // 2)
    side = sheet.margin + 4 * sheet.unit + 3
    _draw_line(canvas, side, centre - _BOX // 2 - 3, middle, balance_state == DISCHARGING)
    _draw_line(canvas, centre + _BOX // 2 + 3, canvas.width - side, middle, balance_state == CHARGING)


def _draw_line(canvas, left: int, right: int, y: int, is_flowing: bool):
    """Draw an arrow to the right, or a dotted line without flow."""
    if is_flowing:
        canvas.pixels.fill_rect(left, y - 1, right - left - 4, 3, 1)
        for i in range(6):
            canvas.pixels.vline(right - i, y - i, 2 * i + 1, 1)
    else:
        for x in range(left, right, 4):
            canvas.pixels.pixel(x, y, 1)
