"""Pack voltage and state, readable from a metre away; delta, and the cell farthest from the average."""

from evencell.display.render.canvas import ALARM, WARN
from evencell.display.render.digits import digits_of
from evencell.display.render.sheet import TEXTS, WORDS, Sheet, volts
from evencell.display.render.state import word_of


def has_content(_view) -> bool:
    """Always, also before the first reading."""
    return True


def draw(canvas, view):
    """Draw the view's pack."""
    sheet = Sheet(canvas, view)
    if sheet.is_tiny:
        _draw_tiny(sheet)
    else:
        _draw_rows(sheet)


def _draw_tiny(sheet):
    """Draw the voltage, two lines beside it, and one below."""
    status = sheet.status
    _draw_number(sheet, 0)
    if status.delta_mv is not None:
        sheet.text_right("Δ%dmV" % status.delta_mv, sheet.right, 0)
        _draw_worst(sheet, 11)
    _draw_word(sheet, sheet.bottom - sheet.line, TEXTS)


def _draw_rows(sheet):
    """Draw rows at equal distances, as large as fits."""
    top = sheet.line if sheet.name else 0
    if top:
        sheet.text(sheet.name, sheet.margin, sheet.inset)
    number, large = digits_of(sheet).height, sheet.font(WORDS).height
    room = sheet.bottom - top - number - sheet.line
    word, height = (WORDS, large) if room >= large else (TEXTS, sheet.line)
    gap = (room - height) // 2
    _draw_number(sheet, top)
    _draw_word(sheet, top + number + gap, word)
    _draw_last(sheet, top + number + height + 2 * gap)


def _draw_number(sheet, y: int):
    digits = digits_of(sheet)
    known = sheet.pack.sequence
    x = digits.draw(sheet.canvas, volts(sheet.status.pack_mv) if known else "--.--", sheet.margin, y)
    sheet.text("V", x + 1, y + digits.height - sheet.font(TEXTS).baseline)
    if sheet.is_old and known:
        sheet.fade(0, y, x, digits.height)


def _draw_word(sheet, y: int, role: int):
    """Draw an alarm or the balancer's state, and the age or the pack's name at the right."""
    height = sheet.font(role).height
    word, colour = word_of(sheet)
    text = sheet.view.words("words")[word]
    if word == "alarm" and sheet.is_tiny:
        names = _troubles(sheet)  # a tiny display has no other place for them
        text = _title(sheet, names[sheet.view.turn % len(names)])
    x = sheet.text(text, sheet.margin + 1, y, role=role)
    room = (sheet.right - 3 - x) // sheet.unit
    right = sheet.age() if sheet.is_old else sheet.name[:room] if sheet.is_tiny else ""
    if len(right) > room:
        right = right.replace(" ", "")
    sheet.text_right(right, sheet.right - 1, y + (height - sheet.line) // 2)
    if colour in (WARN, ALARM):
        sheet.bar(y, height, colour)


def _draw_last(sheet, y: int):
    """Draw delta and worst cell, alternating with alarms and faults."""
    names = _troubles(sheet)
    turn = sheet.view.turn % (len(names) + 1)
    if turn < len(names):
        sheet.text(_title(sheet, names[turn]), sheet.margin, y)
    elif sheet.status.delta_mv is not None:
        sheet.text("Δ%d mV" % sheet.status.delta_mv, sheet.margin, y)
        _draw_worst(sheet, y)


def _troubles(sheet) -> list[str]:
    """Alarms and faults as keys of the section `names`; loads the code for them if there are any."""
    return sheet.view.load("render.prose").troubles(sheet) if sheet.view.troubles(sheet.pack) else []


def _title(sheet, name: str) -> str:
    return sheet.view.load("render.prose").title(sheet, name)


def _draw_worst(sheet, y: int):
    """Draw the cell farthest from the average at the right, marked as the highest or the lowest."""
    status = sheet.status
    highest_mv = status.cells_mv[status.highest_cell - 1]
    is_high = highest_mv - status.average_mv > status.average_mv - (highest_mv - status.delta_mv)
    cell = status.highest_cell if is_high else status.lowest_cell
    text = "%d %d" % (cell, status.cells_mv[cell - 1])
    x = sheet.right - len(text) * sheet.unit - sheet.unit // 2
    sheet.mark(is_high, x, y)
    sheet.text("%d" % cell, x + sheet.unit, y)
    sheet.text_right("%d" % status.cells_mv[cell - 1], sheet.right, y)
