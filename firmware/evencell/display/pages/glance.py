"""Pack voltage and state, readable from a metre away; delta, and the cell farthest from the average."""

from evencell.compat import const
from evencell.display.render.canvas import ALARM, DIM, HIGH, LOW, TEXT, WARN, glyph_buffer
from evencell.display.render.sheet import DIGITS, TEXTS, WORDS, Sheet, volts
from evencell.display.render.state import word_of
from evencell.pack.alarms import ALARMS

_MIN_GAP = const(8)


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
        _draw_worst(sheet, -1, 11, TEXTS)
    _draw_word(sheet, sheet.bottom - sheet.line, TEXTS)


def _draw_rows(sheet):
    """Draw rows at equal distances, as large as fits."""
    canvas = sheet.canvas
    top = sheet.line if canvas.tints or sheet.name else 0
    if top:
        sheet.text(sheet.name or sheet.view.context.config["name"], sheet.margin, sheet.inset, DIM)
    heights = [sheet.font(role).height for role in (TEXTS, WORDS, DIGITS)]
    room = sheet.bottom - top - heights[DIGITS]
    is_roomy = room - 3 * heights[WORDS] >= 4 * _MIN_GAP
    word = WORDS if room >= heights[WORDS] + heights[TEXTS] else TEXTS
    rows = [(_draw_number, heights[DIGITS], DIGITS), (_draw_word, heights[word], word)]
    if is_roomy:
        rows += [(_draw_delta_row, heights[WORDS], WORDS), (_draw_worst_row, heights[WORDS], WORDS)]
    else:
        rows.append((_draw_last_row, heights[TEXTS], TEXTS))
    free = sheet.bottom - top - sum(row[1] for row in rows)
    gaps = len(rows) + 1 if canvas.tints else len(rows) - 1
    y = top + (free // gaps if canvas.tints else 0)
    for function, height, role in rows:
        function(sheet, sheet.on_grid(y), role)
        y += height + free // gaps


def _draw_number(sheet, y: int, _role: int = DIGITS):
    known = sheet.pack.sequence
    x = _draw_digits(sheet, volts(sheet.status.pack_mv) if known else "--.--", sheet.margin, y)
    height = sheet.font(DIGITS).height
    sheet.text("V", x + 1, y + height - sheet.font(TEXTS).baseline)
    if sheet.is_old and known:
        sheet.fade(0, y, x, height)


def _draw_digits(sheet, text: str, x: int, y: int) -> int:
    """Draw the largest digits; a point takes half their width. Returns the x behind them."""
    font = sheet.font(DIGITS)
    width = font.width
    buffer, picture = glyph_buffer(font)
    for character in text:
        buffer[:] = font.glyph(character)
        if character == ".":
            sheet.canvas.pixels.blit(picture, x - width // 4, y, 0)
            x += width // 2
        else:
            sheet.canvas.pixels.blit(picture, x, y, 0)
            x += width
    return x


def _draw_word(sheet, y: int, role: int):
    """Draw an alarm or the balancer's state, and the age or the pack's name at the right."""
    height = sheet.font(role).height
    word, colour = word_of(sheet)
    text = sheet.view.words("words")[word]
    if word == "alarm" and sheet.is_tiny:
        names = _troubles(sheet)  # a tiny display has no other place for them
        text = _title(sheet, names[sheet.view.turn % len(names)])
    x = sheet.text(text, sheet.margin + 1, y, colour, role)
    room = (sheet.right - 3 - x) // sheet.unit
    right = sheet.age() if sheet.is_old else sheet.name[:room] if sheet.is_tiny else ""
    if len(right) > room:
        right = right.replace(" ", "")
    sheet.text_right(right, sheet.right - 1, y + (height - sheet.font(TEXTS).height) // 2, colour)
    if colour in (WARN, ALARM):
        sheet.bar(y, height, colour)


def _draw_last_row(sheet, y: int, _role: int):
    """Draw delta and worst cell, alternating with alarms and faults."""
    names = _troubles(sheet)
    turn = sheet.view.turn % (len(names) + 1)
    if turn < len(names):
        _draw_name(sheet, names[turn], y)
    else:
        _draw_delta(sheet, y, TEXTS)
        _draw_worst(sheet, -1, y, TEXTS)


def _troubles(sheet) -> list[str]:
    """Alarms and faults as keys of the section `names`; loads the code for them if there are any."""
    return sheet.view.load("render.prose").troubles(sheet) if sheet.view.troubles(sheet.pack) else []


def _title(sheet, name: str) -> str:
    return sheet.view.load("render.prose").title(sheet, name)


def _draw_delta_row(sheet, y: int, role: int):
    """Draw the delta, or alternating names of alarms and faults."""
    names = _troubles(sheet)
    if names:
        _draw_name(sheet, names[sheet.view.turn % len(names)], y)
    else:
        _draw_delta(sheet, y, role)


def _draw_name(sheet, name: str, y: int):
    sheet.text(_title(sheet, name), sheet.margin, y)
    sheet.canvas.tint(0, y, sheet.canvas.width, sheet.line, ALARM if name in ALARMS else WARN)


def _draw_delta(sheet, y: int, role: int):
    if sheet.status.delta_mv is not None:
        sheet.text("Δ%d mV" % sheet.status.delta_mv, sheet.margin, y, TEXT, role)


def _draw_worst_row(sheet, y: int, role: int):
    _draw_worst(sheet, sheet.margin, y, role)


def _draw_worst(sheet, x: int, y: int, role: int):
    """Draw the cell farthest from the average, marked as the highest or the lowest."""
    status = sheet.status
    if status.delta_mv is None:
        return
    highest_mv = status.cells_mv[status.highest_cell - 1]
    is_high = highest_mv - status.average_mv > status.average_mv - (highest_mv - status.delta_mv)
    cell = status.highest_cell if is_high else status.lowest_cell
    unit = sheet.font(role).width
    text, voltage = "%d" % cell, "%d" % status.cells_mv[cell - 1]
    colour = HIGH if is_high else LOW
    if x < 0:
        sheet.text_right(voltage, sheet.right, y, colour, role)
        x = sheet.right - (len(text) + 5) * unit - unit // 2
    else:
        sheet.text(voltage, x + 4 * unit, y, colour, role)
    sheet.mark(is_high, x, y, unit // 2)
    sheet.text(text, x + unit, y, colour, role)
