"""Draws a QR code, dark on light. Loaded with a page."""

from evencell.compat import const
from evencell.display.render.canvas import TEXT
from evencell.runtime.lazy import call

_MIN_QUIET = const(3)  # modules of margin; with the standard's four, each module would be smaller
_QUIET = const(4)
_cached = "", ()  # a text and its code: encoding leaves 11 KB of garbage (unix port)


def rows_of(text: str):
    """The rows of the text's code (qr.py), encoded once as long as the page is open."""
    global _cached
    if _cached[0] != text:
        _cached = text, call("evencell.display.render.qr", "encode", text)
    return _cached[1]


def fit(rows, room: int, limit: int) -> tuple[int, int]:
    """Sides of a module, and of the code with its margin, in pixels: as large as fits into `room`, the margin into
    `limit`."""
    module = min(room, limit) // (len(rows) + 2 * _MIN_QUIET)
    return module, min(limit, (len(rows) + 2 * _QUIET) * module)


def draw_code(canvas, rows, module: int, side: int, x: int, y: int):
    """Draw the code with its upper left corner at x, y."""
    canvas.pixels.fill_rect(x, y, side, side, 1)
    canvas.tint(x, y, side, side, TEXT)
    modules = len(rows)
    margin = (side - modules * module) // 2
    for row, bits in enumerate(rows):
        for column in range(modules):
            if bits >> (modules - 1 - column) & 1:
                canvas.pixels.fill_rect(x + margin + column * module, y + margin + row * module, module, module, 0)
