"""What is wrong, and what to do about it, in plain words; several things take turns."""

from evencell.compat import const
from evencell.display.canvas import ALARM, WARN
from evencell.display.prose import troubles, wrap
from evencell.display.sheet import Sheet
from evencell.pack.alarms import ALARMS

_TURNS = const(3)  # of each


def wanted(view) -> bool:
    """While something is wrong."""
    return bool(view.troubles(view.pack))


def draw(canvas, view):
    """The name as a stripe, the remedy below it."""
    sheet = Sheet(canvas, view, False)
    names = troubles(sheet)
    if not names:
        sheet.header(view.words("alarms")["title"])
        sheet.text(view.words("alarms")["nothing"], sheet.margin, 2 * sheet.line)
        return
    name = names[view.turn // _TURNS % len(names)]
    count = "%d/%d" % (names.index(name) + 1, len(names)) if len(names) > 1 else ""
    y = 0 if sheet.is_tiny else sheet.header("%s %s" % (view.words("alarms")["title"], count))
    sheet.text(view.words("names")[name], sheet.margin + 1, y + sheet.inset)
    if sheet.is_tiny:
        sheet.text_right(count, sheet.right - 1, y)
    sheet.bar(y, sheet.line, ALARM if name in ALARMS else WARN)
    y += sheet.line + (8 if canvas.tints else 1)
    lines = wrap(sheet, view.words("remedies")[name])
    rows = (canvas.height - y) // sheet.line
    first = view.turn % ((len(lines) + rows - 1) // rows) * rows
    for i, line in enumerate(lines[first : first + rows]):
        sheet.text(line, sheet.margin, y + i * sheet.line)
