"""What every display shows is drawn here first: one bit a pixel, lit or not, and on colour displays a colour a cell.

A display driver is a module of this package, named as in the configuration, with one function: `make(bus, data)`
returns a panel. `data` is the board's `display` with the configuration's wishes in it: `driver`, `width` and `height`
(of the glass, before rotation), `rotation` (0, 90, 180, 270: degrees clockwise), `x_offset`, `y_offset` (where the
glass begins in the chip's memory), `inverted`, `bgr`. A bus has `command(codes)`,
`data(buffer)`, `reset()` (up to 10 ms; it also asks whether there is a display) and `backlight(percent)`. What a panel
has:

    width, height, colours   for the Canvas: after rotation, and whether cells have colours
    start()                  sends the chip's set-up, which forgets brightness and inversion; the next `show` sends all
                             of the picture, and lights the display then (colour displays: some 240 ms later)
    await show(canvas)       sends what changed since the last time, in pieces, letting others run in between
    brightness(percent)      0 to 100
    power(on)                off: dark; its picture stays, and `show` goes on changing it
    invert(on)               lit and dark change places

All but `make` raise OSError where the bus notices that nobody listens: I2C does, SPI can't. After that, and
after a `show` that was cancelled, `start()` is due again. The canvas must not change while `show` is on its way.
"""

import framebuf

# Colours of a cell's lit pixels; its others are black. What each looks like: palette.py.
TEXT = 0
DIM = 1
GOOD = 2
HIGH = 3
LOW = 4
WARN = 5
ALARM = 6


def glyph_buffer(font) -> tuple:
    """A buffer for one glyph of the font, and a frame buffer over it: framebuf takes no frozen bytes."""
    buffer = bytearray(font.glyph_bytes)
    return buffer, framebuf.FrameBuffer(buffer, font.width, font.height, framebuf.MONO_HLSB)


class Canvas:
    """A frame buffer with the fonts of the firmware.

    `buffer`: bytes of 8 pixels on top of each other, the uppermost in bit 0; `width` of them are a strip, and strips
    follow each other downwards. `tints`: a colour for each cell of 8 × 8 pixels, row by row; None without colours.
    """

    def __init__(self, width: int, height: int, colours: bool = False):
        self.width = width
        self.height = height
        strips = (height + 7) // 8
        self.columns = (width + 7) // 8
        self.buffer = bytearray(width * strips)
        self.pixels = framebuf.FrameBuffer(self.buffer, width, height, framebuf.MONO_VLSB)
        self.tints = bytearray(self.columns * strips) if colours else None

    def clear(self):
        """Everything dark, and every cell of the usual colour."""
        self.pixels.fill(0)
        self.tint(0, 0, self.width, self.height, TEXT)

    def tint(self, x: int, y: int, width: int, height: int, colour: int):
        """Give all cells that the rectangle touches this colour; what lies outside is left out."""
        if self.tints is None or width <= 0 or height <= 0:
            return
        right = min((x + width + 7) // 8, self.columns)
        for row in range(max(y // 8, 0), min((y + height + 7) // 8, len(self.tints) // self.columns)):
            for column in range(max(x // 8, 0), right):
                self.tints[row * self.columns + column] = colour

    def text(self, font, text: str, x: int, y: int) -> int:
        """Draw `text` (font.py) with its upper left corner there; returns the x behind it."""
        buffer, glyph = glyph_buffer(font)
        for character in text:
            buffer[:] = font.glyph(character)
            self.pixels.blit(glyph, x, y)
            x += font.width
        return x

    def invert(self, x: int, y: int, width: int, height: int):
        """Swap lit and dark in a rectangle within the canvas, a byte at a time: pixels would take ten times as long."""
        for strip in range(y // 8, (y + height + 7) // 8):
            above, below = y - 8 * strip, 8 * strip + 8 - y - height
            bits = 255 << max(0, above) & 255 >> max(0, below)
            for at in range(strip * self.width + x, strip * self.width + x + width):
                self.buffer[at] ^= bits
