"""Draws a QR code, dark on light, and facts beside it. Loaded with a page."""

from evencell.compat import const
from evencell.display.render.canvas import TEXT
from evencell.display.render.prose import wrap
from evencell.runtime.lazy import call

_QUIET = const(4)  # modules of margin
_TIGHT = const(3)  # the least; with the standard's four, each module would be smaller
_TIGHT_HALVES = const(3)  # where a module would be a single pixel: one and a half
_GAP = const(2)  # pixels between code and facts
_MIN_MODULE = const(3)  # pixels of a code that gives way to lines below it
_cached = "", ()  # a text and its code: encoding leaves 11 KB of garbage (unix port)


def rows_of(text: str):
    """The rows of the text's code (qr.py), encoded once as long as the page is open."""
    global _cached
    if _cached[0] != text:
        _cached = text, call("evencell.display.render.qr", "encode", text)
    return _cached[1]


def draw_with_code(sheet, text: str, facts: list, whole: int, turn: int):
    """Draw a text as a code, and facts at its right or below it, each with its colour; those that do not fit alternate.

    No word of the first `whole` facts is broken: if that needs more room, they have lines of their own below the code,
    or facts and code alternate.
    """
    canvas = sheet.canvas
    width, height = canvas.width, canvas.height
    rows = rows_of(text)
    if width <= height:
        module, side = _fit(rows, height * 9 // 16, width)
        _draw_code(canvas, rows, module, side, (width - side) // 2)
        draw_facts(sheet, facts, turn, sheet.margin, side + 15 & ~7, height)
        return
    module, side = _fit(rows, width * 9 // 16, height)
    bottom = height
    words = " ".join([fact[0] for fact in facts[:whole]]).split(" ")
    if max([len(word) for word in words]) * sheet.unit > width - side - _GAP:
        smaller = _fit(rows, width * 9 // 16, height - whole * sheet.line)
        if smaller[0] >= _MIN_MODULE:
            module, side = smaller
            bottom -= whole * sheet.line
            draw_facts(sheet, facts[:whole], turn, sheet.margin, bottom, height)
        elif turn & 1:
            draw_facts(sheet, facts, turn // 2, sheet.margin, 0, height)
            return
        else:
            turn //= 2
        facts = facts[whole:]
    _draw_code(canvas, rows, module, side, 0)
    draw_facts(sheet, facts, turn, side + max(_GAP, (width - side) % sheet.unit // 2), 0, bottom)


def draw_facts(sheet, facts: list, turn: int, x: int, y: int, bottom: int):
    """Draw the lines of the facts that fit; if not all do, they alternate."""
    columns = (sheet.canvas.width - x) // sheet.unit
    lines = []
    for text, colour in facts:
        lines += [(line, colour) for line in wrap(sheet, text, columns)]
    fitting = (bottom - y) // sheet.line
    first = turn % max(1, (len(lines) + fitting - 1) // fitting) * fitting
    for line, colour in lines[first : first + fitting]:
        sheet.text(line, x, y + sheet.inset, colour)
        y += sheet.line


def _fit(rows, room: int, limit: int) -> tuple[int, int]:
    """Sides of a module, and of the code with its margin, in pixels: as large as fits into `room`, the margin into
    `limit`."""
    room = min(room, limit)
    module = room // (len(rows) + 2 * _TIGHT)
    if module < 2:
        module = room // (len(rows) + _TIGHT_HALVES)
    return module, min(limit, (len(rows) + 2 * _QUIET) * module)


def _draw_code(canvas, rows, module: int, side: int, x: int):
    """Draw the code at the upper edge."""
    canvas.pixels.fill_rect(x, 0, side, side, 1)
    canvas.tint(x, 0, side, side, TEXT)
    modules = len(rows)
    margin = (side - modules * module) // 2
    for row, bits in enumerate(rows):
        for column in range(modules):
            if bits >> (modules - 1 - column) & 1:
                canvas.pixels.fill_rect(x + margin + column * module, margin + row * module, module, module, 0)
