"""Balancing: source and target, current, temperature, estimated time left."""

from evencell.compat import const
from evencell.display.render.canvas import DIM, HIGH, LOW, TEXT
from evencell.display.render.prose import title, wrap
from evencell.display.render.sheet import TEXTS, WORDS, Sheet, span
from evencell.display.render.state import is_balanced
from evencell.display.trend import NOTHING, POINTS
from evencell.pack.alarms import names_of
from evencell.pack.status import CHARGING, DISCHARGING, WAITING
from evencell.pack.temperature import can_be_temperature

_MIN_DROP_MV = const(5)  # the balancer's accuracy
_MIN_STEPS = const(5)
_LOW = const(200)  # pixels: a canvas that is not higher is low
_BOX = const(12)  # pixels of the balancer's side


def has_content(view) -> bool:
    """Once there is a reading of cells."""
    return view.pack.accepted.delta_mv is not None


def draw(canvas, view):
    """Draw state, highest cell, balancer and lowest cell with the flow of charge, current, time left."""
    sheet = Sheet(canvas, view)
    words = view.words("balance")
    if sheet.is_tiny:
        bottom = sheet.bottom - sheet.line
        _draw_way(sheet, 0)
        _draw_current(sheet, bottom, TEXTS)
        text = words["done"] if is_balanced(sheet.status) else time_left(sheet, words, "~%s")
        sheet.text_right(text, sheet.right, bottom)
        if sheet.is_old:
            sheet.age_bar(bottom)
        return
    state = _state(sheet, words)
    is_high = canvas.height > _LOW  # room for the state in lines of its own
    top = sheet.header(words["title"] if is_high else state)
    above = wrap(sheet, state) if is_high else []
    below = _below(sheet, time_left(sheet, words, words["left"]), _temperature(sheet))
    height = sheet.font(WORDS).height
    gap = (sheet.bottom - top - (2 + len(above) + len(below)) * sheet.line - height) // 3
    _draw_lines(sheet, above, top + 6)
    top += len(above) * sheet.line + gap
    _draw_way(sheet, sheet.on_grid(top))
    _draw_current(sheet, sheet.on_grid(top + gap + 2 * sheet.line), WORDS)
    _draw_lines(sheet, below, sheet.bottom - len(below) * sheet.line)


def _below(sheet, *texts: str) -> list[str]:
    """The texts in one line; if that is too long, in one line each, or alternating."""
    free = (sheet.right - sheet.margin) // sheet.unit - sum(map(len, texts))
    if free > 0:
        return [(" " * free).join(texts)]
    lines = [text for text in texts if text]
    return lines if sheet.canvas.tints else [lines[sheet.view.turn % len(lines)]]


def _draw_lines(sheet, lines: list, y: int):
    for i, line in enumerate(lines):
        sheet.text(line, sheet.margin, sheet.on_grid(y + i * sheet.line))


def _state(sheet, words: dict) -> str:
    """The balancer's state; if it waits because of an alarm, the most dangerous alarm."""
    status = sheet.status
    if not status.balancing_enabled:
        return words["off"]
    if status.alarms and status.balance_state == WAITING:
        return title(sheet, names_of(status.alarms)[0])
    if is_balanced(status):
        return words["done"]
    return words[("waiting", "discharging", "charging")[status.balance_state]]


def _draw_way(sheet, y: int):
    """Draw two lines: the cells at the sides, the balancer in the middle, an arrow where charge flows."""
    canvas, status = sheet.canvas, sheet.status
    for is_high, cell, x in (
        (True, status.highest_cell, sheet.margin),
        (False, status.lowest_cell, sheet.right - 4 * sheet.unit),
    ):
        colour = HIGH if is_high else LOW
        sheet.mark(is_high, x, y)
        sheet.text("%d" % cell, x + sheet.unit, y, colour)
        sheet.text("%4d" % status.cells_mv[cell - 1], x, y + sheet.line, colour)
    state = None if sheet.is_old else status.balance_state
    middle, centre = y + sheet.line, canvas.width // 2
    box = _BOX if sheet.line < 16 else 2 * _BOX
    canvas.pixels.rect(centre - box // 2, middle - box // 2, box, box, 1)
    height = sheet.font(TEXTS).height
    sheet.text("B", centre - sheet.unit // 2, middle - height // 2)
    side = sheet.margin + 4 * sheet.unit + (8 if canvas.tints else 3)
    _draw_line(canvas, side, centre - box // 2 - 3, middle, state == DISCHARGING)
    _draw_line(canvas, centre + box // 2 + 3, canvas.width - side, middle, state == CHARGING)


def _draw_line(canvas, left: int, right: int, y: int, is_flowing: bool):
    """Draw an arrow to the right, or a dotted line without flow."""
    if is_flowing:
        canvas.pixels.fill_rect(left, y - 1, right - left - 4, 3, 1)
        for i in range(6):
            canvas.pixels.vline(right - i, y - i, 2 * i + 1, 1)
    else:
        for x in range(left, right, 4):
            canvas.pixels.pixel(x, y, 1)


def _draw_current(sheet, y: int, role: int):
    """Draw the current with the manual's sign: − discharging the highest cell, + charging the lowest."""
    status = sheet.status
    sign = " -+"[status.balance_state]
    current_ma = status.balance_ma if status.balance_state else 0
    text = "%s%d.%02dA" % (sign, current_ma // 1000, current_ma % 1000 // 10)
    sheet.text(text, sheet.margin, y, TEXT if status.balance_state else DIM, role)


def _temperature(sheet) -> str:
    """The balancer's temperature; empty without a probe."""
    temperature_dc = sheet.status.temperature_dc
    if temperature_dc is None:
        is_unknown = not sheet.pack.scale.dc_per_count and can_be_temperature(sheet.status.temperature_raw)
        return sheet.view.words("balance")["scale"] if is_unknown else ""
    if sheet.view.context.config["display"].get("temperature_unit") == "F":
        return "%.1f °F" % (temperature_dc * 0.18 + 32)
    return "%.1f °C" % (temperature_dc / 10)


def time_left(sheet, words: dict, about: str) -> str:
    """Estimated time until the delta reaches the trigger, at the rate of the last hour; empty if it does not fall."""
    status = sheet.status
    if is_balanced(status) or status.delta_mv <= status.trigger_mv or not status.balancing_enabled:
        return ""
    if sheet.is_old or (status.alarms and status.balance_state == WAITING):
        return ""
    ring = sheet.view.trend_of(sheet.pack).hour
    newest = ring.advance_to(sheet.view.clock.uptime_ms())
    for steps in range(POINTS - 1, _MIN_STEPS - 1, -1):
        before_mv = ring.deltas_mv[(newest - steps) % POINTS]
        if before_mv != NOTHING:
            drop_mv = before_mv - status.delta_mv
            if drop_mv < _MIN_DROP_MV:
                break
            left_s = (status.delta_mv - status.trigger_mv) * steps * ring.step_ms // drop_mv // 1000
            return about % span(left_s)
    return words["unknown"]
