"""Table of the lowest and highest voltage of each cell since the last reset, and their spread (profile `display`)."""

from evencell.compat import const
from evencell.display.render.canvas import DIM, TEXT
from evencell.display.render.paint import strip
from evencell.display.render.sheet import TEXTS, WORDS, Sheet

_TURNS = const(2)  # for each part of the cells, if not all fit
_CHARACTERS = (2, 4, 4, 4)  # of the columns


def has_content(view) -> bool:
    """Where extremes are kept, once there is a reading."""
    return bool(view.context.extremes and view.pack.sequence)


def draw(canvas, view):
    """Draw a line for each cell, in large digits where all fit."""
    sheet = Sheet(canvas, view, False)
    words = view.words("extremes")
    top = strip(sheet, words["title"]) if sheet.name or sheet.status.alarms else 0
    slots, height = sheet.status.slots, canvas.height - top - sheet.line
    for role in (WORDS, TEXTS):
        width = sheet.font(role).width
        line = sheet.font(role).height + 7 & ~7
        gap = (sheet.right - sheet.margin - sum(_CHARACTERS) * width) // (len(_CHARACTERS) - 1)
        if gap >= width // 2 and slots * line <= height:
            break
    rows = height // line
    parts = max(1, (slots + rows - 1) // rows)
    rows = max(1, (slots + parts - 1) // parts)
    pitch = min(height // rows & ~7, 2 * line)
    ends = [sheet.margin + sum(_CHARACTERS[: i + 1]) * width + i * gap for i in range(len(_CHARACTERS))]
    sheet.text("mV", sheet.margin, top + sheet.inset, DIM)
    for text, end in zip((words["lowest"], words["highest"], "Δ"), ends[1:]):
        sheet.text_right(text, end, top + sheet.inset, DIM)
    y = top + sheet.line + ((pitch - line) // 2 & ~7) + (-sheet.font(role).height & 7) // 2
    first = view.turn // _TURNS % parts * rows
    lowest_mv, highest_mv = view.context.extremes.of(view.pack)
    for cell in range(first, min(first + rows, slots)):
        values = [cell + 1, lowest_mv[cell], highest_mv[cell], highest_mv[cell] - lowest_mv[cell]]
        for i, value in enumerate(values if lowest_mv[cell] else values[:1]):
            sheet.text_right("%d" % value, ends[i], y, TEXT if i else DIM, role)
        y += pitch
