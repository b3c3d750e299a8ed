"""Drawing on colour displays: filled rectangles, and the strip on top of a page. Loaded with a page."""

from evencell.display.render.canvas import ALARM, DIM
from evencell.pack.alarms import names_of


def fill(canvas, x: int, y: int, width: int, height: int, colour: int):
    """Fill a rectangle."""
    canvas.pixels.fill_rect(x, y, width, height, 1)
    canvas.tint(x, y, width, height, colour)


def strip(sheet, title: str, right: str = "", colour: int = DIM) -> int:
    """Draw the strip: the age of stale values, an alarm, or the title and at its right a text or the pack's name.

    Returns the y below. Several alarms alternate.
    """
    columns = (sheet.right - sheet.margin - 1) // sheet.unit
    names = names_of(sheet.status.alarms or 0)
    if sheet.is_old:
        sheet.age_bar(0)
    elif names:
        alarm = sheet.view.load("render.prose").title(sheet, names[sheet.view.turn % len(names)])
        sheet.text(alarm, sheet.margin + 1, sheet.inset, ALARM)
        sheet.bar(0, sheet.line, ALARM)
    else:
        right = right or sheet.name
        room = columns - len(right) - 1
        if len(title) <= room:
            sheet.text(title, sheet.margin, sheet.inset, colour)
        sheet.text_right(right, sheet.right, sheet.inset, DIM)
    return sheet.line
