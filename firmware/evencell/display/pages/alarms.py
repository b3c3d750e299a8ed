"""Alarms and faults, each with its remedy; several alternate."""

from evencell.compat import const
from evencell.display.render.canvas import ALARM, WARN
from evencell.display.render.prose import detail, key_of, troubles, wrap
from evencell.display.render.sheet import Sheet
from evencell.pack.alarms import ALARMS

_TURNS = const(3)  # for each


def has_content(view) -> bool:
    """While there is an alarm or fault."""
    return bool(view.troubles(view.pack))


def draw(canvas, view):
    """Draw the name as a bar, and the remedy below it."""
    sheet = Sheet(canvas, view, False)
    names = troubles(sheet)
    if not names:
        sheet.header(view.words("alarms")["title"])
        sheet.text(view.words("alarms")["nothing"], sheet.margin, 2 * sheet.line)
        return
    name = names[view.turn // _TURNS % len(names)]
    count = "%d/%d" % (names.index(name) + 1, len(names)) if len(names) > 1 else ""
    y = 0 if sheet.is_tiny else sheet.header("%s %s" % (view.words("alarms")["title"], count))
    key = key_of(sheet, name)
    sheet.text(view.words("names")[key], sheet.margin + 1, y + sheet.inset)
    if sheet.is_tiny:
        sheet.text_right(count, sheet.right - 1, y)
    sheet.bar(y, sheet.line, ALARM if name in ALARMS else WARN)
    y += sheet.line + (8 if canvas.tints else 1)
    more = detail(sheet, name)
    lines = wrap(sheet, (more[:1].upper() + more[1:] + ": " if more else "") + view.words("remedies")[key])
    rows = (canvas.height - y) // sheet.line
    first = view.turn % ((len(lines) + rows - 1) // rows) * rows
    for i, line in enumerate(lines[first : first + rows]):
        sheet.text(line, sheet.margin, y + i * sheet.line)
