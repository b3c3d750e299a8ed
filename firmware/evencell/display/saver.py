"""Screensaver: the pack voltage alone, at another place every minute, so that no pixel burns in."""


def draw(canvas, view):
    """Draw on a clear canvas."""
    sheet = view.load("render.sheet").Sheet(canvas, view)
    text = "-- V" if sheet.is_old else "%.2f V" % (sheet.status.pack_mv / 1000)
    minute = view.turn // 30
    x = minute * 37 % max(1, canvas.width - len(text) * sheet.unit)
    sheet.text(text, x, minute * 23 % (canvas.height - sheet.line))
