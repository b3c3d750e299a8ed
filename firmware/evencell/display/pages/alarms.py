"""What is wrong, and what to do about it, in plain words; several things take turns."""

from evencell.compat import const
from evencell.display.canvas import ALARM, WARN
from evencell.display.sheet import Sheet
from evencell.display.view import CONFIG_TROUBLE, LINE_TROUBLE, LINK_TROUBLE
from evencell.pack.alarms import ALARMS, names_of

_TURNS = const(3)  # of each


def wanted(view) -> bool:
    """While something is wrong."""
    return bool(view.troubles(view.pack))


def draw(canvas, view):
    """The name as a stripe, the remedy below it."""
    sheet = Sheet(canvas, view, False)
    names = _names(view)
    if not names:
        sheet.header(view.words("alarms")["title"])
        sheet.text(view.words("alarms")["nothing"], sheet.margin, 2 * sheet.line)
        return
    name = names[view.turn // _TURNS % len(names)]
    y = 0 if sheet.is_tiny else sheet.header(view.words("alarms")["title"])
    sheet.text(view.words("names")[name], sheet.margin + 1, y)
    if len(names) > 1:
        sheet.text_right("%d/%d" % (names.index(name) + 1, len(names)), sheet.right - 1, y)
    sheet.bar(y, sheet.line, ALARM if name in ALARMS else WARN)
    y += sheet.line + (8 if canvas.tints else 1)
    lines = sheet.wrap(view.words("remedies")[name])
    rows = (canvas.height - y) // sheet.line
    first = view.turn % ((len(lines) + rows - 1) // rows) * rows
    for i, line in enumerate(lines[first : first + rows]):
        sheet.text(line, sheet.margin, y + i * sheet.line)


def _names(view) -> list[str]:
    """Keys of the sections `names` and `remedies`. A verdict says why there is no answer."""
    troubles = view.troubles(view.pack)
    names = names_of(troubles & (1 << len(ALARMS)) - 1)
    if troubles & LINE_TROUBLE:
        names.append(view.pack.diagnosis.name)
    elif troubles & LINK_TROUBLE:
        names.append("link")
    if troubles & CONFIG_TROUBLE:
        names.append("config")
    return names
