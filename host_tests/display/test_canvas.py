"""Colours on the canvas: a lit pixel has the colour that it was drawn in."""

from evencell.display.render import netpbm
from evencell.display.render.canvas import COLOURS, Canvas
from evencell.display.render.sheet import Sheet
from tools.screens.draw import Thing

WIDTH, HEIGHT = 96, 24
FIRST, SECOND = 3, 6  # colours
ROW = 8


class Block:
    """A font whose only character is lit from edge to edge, as the "1" of the small fonts is to its right."""

    height = 8

    def __init__(self, width: int):
        self.width = width
        self.baseline = 8
        self.glyph_bytes = (width + 7) // 8 * 8

    def glyph(self, _character):
        return b"\xff" * self.glyph_bytes


def colours_of(canvas, y: int) -> list:
    """The colour of each lit pixel of a row, None for a dark one."""
    rows = netpbm.ppm(canvas)
    next(rows)
    row = list(rows)[y]
    known = {netpbm._rgb(COLOURS[colour]): colour for colour in (FIRST, SECOND)}
    pixels = [row[3 * x : 3 * x + 3] for x in range(canvas.width)]
    return [known[pixel] if any(pixel) else None for pixel in pixels]


def sheet_on(canvas, width: int):
    pack = Thing({"accepted": None, "link": 0, "sequence": 1, "name": ""})
    font = Block(width)
    return Sheet(canvas, Thing({"pack": pack, "hub": Thing({"packs": [pack]}), "fonts": {0: font}}), False)


def test_texts_side_by_side_keep_their_colours_at_every_place():
    for width in (5, 8, 9, 11):
        for x in range(17):
            canvas = Canvas(WIDTH, HEIGHT, True)
            sheet = sheet_on(canvas, width)
            end = sheet.text("11", x, ROW, FIRST)
            sheet.text("1", end, ROW, SECOND)
            wanted = [None] * x + [FIRST] * 2 * width + [SECOND] * width
            assert colours_of(canvas, ROW) == wanted + [None] * (WIDTH - len(wanted))


def test_a_tint_is_clipped_to_the_canvas():
    canvas = Canvas(9, 20, True)
    canvas.pixels.fill(1)
    canvas.tint(0, 0, 9, 20, FIRST)
    canvas.tint(-5, -5, 8, 9, SECOND)
    canvas.tint(7, 15, 500, 500, SECOND)
    canvas.tint(3, 3, 0, 9, SECOND)
    assert colours_of(canvas, 0) == [SECOND] * 3 + [FIRST] * 6
    assert colours_of(canvas, 8) == [FIRST] * 7 + [SECOND] * 2
    assert colours_of(canvas, 19) == [FIRST] * 7 + [SECOND] * 2
    canvas.clear()
    assert colours_of(canvas, 0) == [None] * 9
