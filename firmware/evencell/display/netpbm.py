"""The canvas as a picture file for HTTP, in pieces: in memory only while one is fetched."""

import framebuf

from evencell.display.palette import COLOURS


def picture(canvas) -> tuple:
    """Media type and a generator of bytes: a pixmap if the canvas has colours, else a bitmap."""
    if canvas.tints is None:
        return "image/x-portable-bitmap", pbm(canvas)
    return "image/x-portable-pixmap", ppm(canvas)


def pbm(canvas):
    """A portable bitmap (P4), copied at once: what it shows is of one moment. A lit pixel is a 1."""
    rows = bytearray(canvas.columns * canvas.height)
    framebuf.FrameBuffer(rows, canvas.columns * 8, canvas.height, framebuf.MONO_HLSB).blit(canvas.pixels, 0, 0)
    yield b"P4\n%d %d\n" % (canvas.width, canvas.height)
    yield rows


def ppm(canvas):
    """A portable pixmap (P6), a row at a time: it has 230 KB on 240 × 320 pixels."""
    yield b"P6\n%d %d\n255\n" % (canvas.width, canvas.height)
    looks = [_rgb(colour) for colour in COLOURS]
    for y in range(canvas.height):
        yield _row(canvas, y, looks)


def _row(canvas, y: int, looks: list) -> bytes:
    """Three bytes a pixel."""
    lit = 1 << (y & 7)
    pixels = y // 8 * canvas.width
    tints = y // 8 * canvas.columns
    row = [bytes(3)] * canvas.width
    for x in range(canvas.width):
        if canvas.buffer[pixels + x] & lit:
            row[x] = looks[canvas.tints[tints + x // 8]]
    return b"".join(row)


def _rgb(colour: int) -> bytes:
    """Three bytes of an RGB565 colour, as a display widens it: the upper bits again below."""
    red, green, blue = colour >> 11, colour >> 5 & 63, colour & 31
    return bytes((red << 3 | red >> 2, green << 2 | green >> 4, blue << 3 | blue >> 2))
