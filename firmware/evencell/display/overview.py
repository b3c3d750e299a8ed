"""The page that shows everything at arm's length, on 128 × 64 pixels."""

from evencell.compat import const
from evencell.display import font_digits, font_small
from evencell.pack.alarms import names_of
from evencell.pack.pack import ONLINE, STALE
from evencell.pack.status import CHARGING, DISCHARGING

_SENTENCE_Y = const(23)
_SENTENCE_HEIGHT = const(11)
_BARS_TOP = const(38)
_BARS_BOTTOM = const(53)
_LABELS_Y = const(54)
_SMALLEST_SPAN_MV = const(20)  # less than this is measuring error, and shown as flat
_CELLS_WITH_LABELS = const(4)

ALARM_WORDS = {
    "cell_count": "CELL COUNT",
    "wire_resistance": "WIRE RESISTANCE",
    "overvoltage": "OVERVOLTAGE",
    "cell_voltage": "CELL VOLTAGE",
    "temperature": "TEMPERATURE",
}


def draw(canvas, pack, clock, faults: int, turn: int):
    """Draw `pack`. `turn` counts redraws: where several things are to be said, they take turns."""
    canvas.clear()
    _draw_voltage(canvas, pack)
    _draw_sentence(canvas, pack, clock, faults, turn)
    if pack.sequence:
        _draw_delta(canvas, pack.accepted)
        _draw_cells(canvas, pack.accepted)


def _draw_voltage(canvas, pack):
    text = volts(pack.accepted.pack_mv) if pack.sequence else "--.--"
    x = canvas.text(font_digits, text, 0, 1)
    canvas.text(font_small, "V", x + 1, 11)


def volts(voltage_mv: int) -> str:
    """Five characters, whatever the voltage: digits that don't jump."""
    if voltage_mv < 100_000:
        return "%2d.%02d" % (voltage_mv // 1000, voltage_mv % 1000 // 10)
    return "%3d.%d" % (voltage_mv // 1000, voltage_mv % 1000 // 100)


def _draw_delta(canvas, status):
    """Delta and balance current, in the upper right corner."""
    if status.delta_mv is not None:
        text = "%dmV" % status.delta_mv
        canvas.text_right(font_small, text, canvas.width, 1)
        canvas.delta_sign(canvas.width - canvas.text_width(font_small, text) - 9, 2)
    if status.balance_state == CHARGING:
        canvas.text_right(font_small, "+" + amperes(status.balance_ma), canvas.width, 12)
    elif status.balance_state == DISCHARGING:
        canvas.text_right(font_small, "-" + amperes(status.balance_ma), canvas.width, 12)


def amperes(current_ma: int) -> str:
    """Current with two decimals."""
    return "%d.%02dA" % (current_ma // 1000, current_ma % 1000 // 10)


def _draw_sentence(canvas, pack, clock, faults: int, turn: int):
    """What matters most, in words: troubles stand inverted and take turns, else what the balancer does."""
    troubles = list_troubles(pack, clock, faults)
    if troubles:
        canvas.text(font_small, troubles[turn % len(troubles)], 2, _SENTENCE_Y + 1)
        canvas.invert(0, _SENTENCE_Y, canvas.width, _SENTENCE_HEIGHT)
    else:
        canvas.text(font_small, balance_words(pack.accepted), 0, _SENTENCE_Y + 1)


def list_troubles(pack, clock, faults: int) -> list[str]:
    """Everything the owner should know, at most 18 characters each."""
    troubles = []
    if pack.link != ONLINE:
        troubles.append(link_words(pack, clock))
    if pack.diagnosis.verdict:
        troubles.append(pack.diagnosis.name.upper())
    troubles += [ALARM_WORDS[name] for name in names_of(pack.accepted.alarms or 0)]
    if faults:
        troubles.append("CONFIG: %d FAULT%s" % (faults, "" if faults == 1 else "S"))
    return troubles


def link_words(pack, clock) -> str:
    """How long the balancer has been silent."""
    if not pack.sequence:
        return "NO ANSWER YET"
    age_s = pack.age_ms(clock) // 1000
    if pack.link == STALE:
        return "STALE %d s" % age_s
    if age_s < 120:
        return "OFFLINE %d s" % age_s
    return "OFFLINE %d min" % (age_s // 60) if age_s < 7200 else "OFFLINE %d h" % (age_s // 3600)


def balance_words(status) -> str:
    """What the balancer does, in the manual's words."""
    if status.balance_state == CHARGING:
        return "charging cell %d" % status.lowest_cell if status.lowest_cell else "charging"
    if status.balance_state == DISCHARGING:
        return "discharging cell %d" % status.highest_cell if status.highest_cell else "discharging"
    return "waiting" if status.balancing_enabled else "balancing off"


def _draw_cells(canvas, status):
    """A bar for each slot, and millivolts below: of every cell, or of two where there are many."""
    if not status.slots:
        return
    pitch = canvas.width // status.slots
    left = (canvas.width - pitch * status.slots) // 2
    for cell in range(status.slots):
        _draw_bar(canvas, status, cell, left + cell * pitch, pitch)
        if status.slots <= _CELLS_WITH_LABELS:
            _draw_label(canvas, status, cell, left + cell * pitch, pitch)
    if status.slots > _CELLS_WITH_LABELS and status.highest_cell:
        _draw_extremes(canvas, status)


def _draw_bar(canvas, status, cell: int, x: int, pitch: int):
    voltage_mv = status.cells_mv[cell]
    gap = max(1, pitch // 6)
    width = pitch - gap
    x += gap // 2
    if not voltage_mv:
        canvas.pixels.line(x, _BARS_TOP + 4, x + width - 1, _BARS_BOTTOM, 1)
        canvas.pixels.line(x, _BARS_BOTTOM, x + width - 1, _BARS_TOP + 4, 1)
        return
    top = bar_top(voltage_mv, status.cells_mv[status.lowest_cell - 1], status.delta_mv)
    canvas.pixels.fill_rect(x, top, width, _BARS_BOTTOM - top, 1)
    if width >= 7 and status.delta_mv:
        if cell + 1 == status.highest_cell:
            canvas.triangle(x + width // 2 - 2, top + 1, True, 0)
        elif cell + 1 == status.lowest_cell:
            canvas.triangle(x + width // 2 - 2, top + 1, False, 0)


def bar_top(voltage_mv: int, lowest_mv: int, delta_mv: int) -> int:
    """Upper edge of a bar: what the eye compares is the distance to the lowest cell."""
    shortest = 5
    room = _BARS_BOTTOM - _BARS_TOP - shortest
    span_mv = max(delta_mv, _SMALLEST_SPAN_MV)
    return _BARS_BOTTOM - shortest - (voltage_mv - lowest_mv) * room // span_mv


def _draw_label(canvas, status, cell: int, x: int, pitch: int):
    text = "%d" % status.cells_mv[cell] if status.cells_mv[cell] else "open"
    canvas.text(font_small, text, x + max(0, (pitch - canvas.text_width(font_small, text)) // 2), _LABELS_Y)


def _draw_extremes(canvas, status):
    """Number and millivolts of the highest cell (left) and the lowest (right)."""
    cells_mv = status.cells_mv
    canvas.triangle(0, _LABELS_Y + 4, True)
    canvas.text(font_small, "%d:%d" % (status.highest_cell, cells_mv[status.highest_cell - 1]), 7, _LABELS_Y)
    text = "%d:%d" % (status.lowest_cell, cells_mv[status.lowest_cell - 1])
    x = canvas.width - canvas.text_width(font_small, text)
    canvas.triangle(x - 7, _LABELS_Y + 4, False)
    canvas.text(font_small, text, x, _LABELS_Y)
