"""Encodes the canvas as a picture file, in pieces. Loaded on demand."""

import framebuf

from evencell.display.render.canvas import COLOURS


def picture(canvas) -> tuple:
    """Media type and a generator of bytes: a pixmap if the canvas has colours, else a bitmap."""
    if canvas.tints is None:
        return "image/x-portable-bitmap", pbm(canvas)
    return "image/x-portable-pixmap", ppm(canvas)


def pbm(canvas):
    """Generate a portable bitmap (P4), copied at once so that it is consistent. A lit pixel is a 1."""
    columns = (canvas.width + 7) // 8
    rows = bytearray(columns * canvas.height)
    framebuf.FrameBuffer(rows, columns * 8, canvas.height, framebuf.MONO_HLSB).blit(canvas.pixels, 0, 0)
    yield b"P4\n%d %d\n" % (canvas.width, canvas.height)
    yield rows


def ppm(canvas):
    """Generate a portable pixmap (P6), a row at a time: 230 KB for 240 × 320 pixels."""
    yield b"P6\n%d %d\n255\n" % (canvas.width, canvas.height)
    colours = [_rgb(colour) for colour in COLOURS]
    for y in range(canvas.height):
        yield _row(canvas, y, colours)


def _row(canvas, y: int, colours: list) -> bytes:
    """Three bytes a pixel."""
    lit = 1 << (y & 7)
    pixels = y // 8 * canvas.width
    row = [bytes(3)] * canvas.width
    for x in range(canvas.width):
        if canvas.buffer[pixels + x] & lit:
            row[x] = colours[canvas.tints.pixel(x, y // 8)]
    return b"".join(row)


def _rgb(colour: int) -> bytes:
    """Three bytes of an RGB565 colour, as a display widens it: the upper bits again below."""
    red, green, blue = colour >> 11, colour >> 5 & 63, colour & 31
    return bytes((red << 3 | red >> 2, green << 2 | green >> 4, blue << 3 | blue >> 2))
