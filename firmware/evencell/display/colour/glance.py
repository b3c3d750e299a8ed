"""Pack voltage, state and delta, readable from a metre away, and a bar for each cell."""

from evencell.compat import const
from evencell.display.render.bars import Bars
from evencell.display.render.canvas import ALARM, DIM, TEXT, WARN
from evencell.display.render.digits import digits_of
from evencell.display.render.sheet import TEXTS, WORDS, Sheet, volts
from evencell.display.render.state import word_of
from evencell.pack.alarms import ALARMS

_GAP = const(8)
_MIN_BARS = const(64)  # pixels that stay for the bars where there is a line of text above them


def has_content(_view) -> bool:
    """Always, also before the first reading."""
    return True


def draw(canvas, view):
    """Draw the view's pack: state, voltage, delta, where there is room a line of text, and the bars."""
    sheet = Sheet(canvas, view)
    digits = digits_of(sheet)
    strip = (sheet.font(WORDS).height + 7) & ~7
    gap = _GAP if canvas.height >= 240 else 2
    is_upright = canvas.height > canvas.width
    line_y = (strip + digits.height + 2 * gap + 7 & ~7) + (strip if is_upright else 0)
    has_line = canvas.height - line_y - sheet.line >= _MIN_BARS
    notes = _notes(sheet, has_line)
    delta = "" if sheet.status.delta_mv is None else "Δ%d mV" % sheet.status.delta_mv
    if has_line:
        _draw_state(sheet, strip, [] if is_upright else [(delta, TEXT)])
        _draw_line(sheet, line_y, notes)
    else:
        is_calm = not notes or notes[0][1] in (TEXT, DIM)
        _draw_state(sheet, strip, [(delta, TEXT)] + notes if is_calm else notes)
    _draw_number(sheet, digits, strip + gap)
    if is_upright:
        sheet.text(delta, sheet.margin, line_y - strip, role=WORDS)
    if delta:
        _draw_bars(sheet, line_y + (sheet.line if has_line else 0))


def _notes(sheet, has_line: bool) -> list:
    """Texts that alternate, each with its colour: age of stale values, faults, pack's name, time left."""
    view, status = sheet.view, sheet.status
    notes = [(sheet.age(), WARN)] if sheet.is_old else []
    if view.troubles(sheet.pack):
        prose = view.load("render.prose")
        room = sheet.right - sheet.margin - (0 if has_line else 6 * sheet.font(WORDS).width)
        for name in prose.troubles(sheet):
            notes.append((prose.title(sheet, name, room // sheet.unit), ALARM if name in ALARMS else WARN))
    if sheet.name and not status.alarms:
        notes.append((sheet.name, DIM))
    if has_line and status.delta_mv is not None:
        notes.append((view.load("render.estimate").time_left(sheet, view.words("balance")["left"]), TEXT))
    return [note for note in notes if note[0]]


def _draw_state(sheet, height: int, notes: list):
    """Draw the strip: the state in large letters, and one of the notes at its right, or in its place if it is long."""
    font = sheet.font(WORDS)
    word, colour = word_of(sheet)
    word = sheet.view.words("words")[word]
    text, text_colour = notes[sheet.view.turn % len(notes)] if notes else ("", TEXT)
    room = sheet.right - sheet.margin - len(word) * font.width
    is_large = set(text) <= set("Δ0123456789 mV") and len(text) * font.width < room
    role = WORDS if is_large else TEXTS
    y = (height - sheet.font(role).height) // 2
    if len(text) * sheet.font(role).width < room:
        sheet.text(word, sheet.margin, (height - font.height) // 2, colour, WORDS)
        sheet.text_right(text, sheet.right, y, text_colour, role)
    else:
        sheet.text(text, sheet.margin, y, text_colour, role)
    if colour in (WARN, ALARM):
        sheet.bar(0, height, colour)


def _draw_number(sheet, digits, y: int):
    """Draw the pack voltage in the middle."""
    text = volts(sheet.status.pack_mv) if sheet.pack.sequence else "--.--"
    font = sheet.font(WORDS)
    width = digits.width * 9 // 2 + font.width  # four digits, a point, the unit
    x = (sheet.canvas.width - width) // 2
    x = digits.draw(sheet.canvas, text, x, y, DIM if sheet.is_old else TEXT)
    sheet.text("V", x, y + digits.height - font.baseline, role=WORDS)


def _draw_line(sheet, y: int, notes: list):
    """Draw one of the notes; an alarm as a bar."""
    if notes:
        text, colour = notes[sheet.view.turn % len(notes)]
        sheet.text(text, sheet.margin, y + sheet.inset, colour)
        if colour == ALARM:
            sheet.bar(y, sheet.line, ALARM)


def _draw_bars(sheet, y: int):
    """Draw the bars, and where there is room their scale, and the numbers of the cells."""
    bars = Bars(sheet)
    width, bottom = sheet.right - sheet.margin, sheet.canvas.height
    if width // sheet.status.slots >= 3 * sheet.unit and bottom - y >= _MIN_BARS:
        bottom -= sheet.line
        bars.draw_numbers(sheet.margin, bottom + sheet.inset, width)
    bars.draw(sheet.margin, y, width, bottom - y)
