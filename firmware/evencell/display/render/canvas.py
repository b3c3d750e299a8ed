"""Canvas: one bit per pixel, and on colour displays a colour for each column of 8 pixels.

A display driver is a module of `drivers`, named as in the configuration, with one function: `make(bus, data)` returns
a panel. `data` is the board's `display`, overridden by the configuration: `driver`, `width` and `height`
(of the glass, before rotation), `rotation` (0, 90, 180, 270: degrees clockwise), `x_offset`, `y_offset` (where the
glass begins in the chip's memory), `inverted`, `bgr`. A bus has `command(codes)`,
`data(buffer)`, `reset()` (up to 10 ms; raises OSError if no display answers) and `backlight(percent)`. A panel has:

    width, height, colours   for the Canvas: after rotation, and whether cells have colours
    start()                  initialises the chip and resets brightness and inversion; the next `show` sends the whole
                             picture and switches the display on (colour displays: some 240 ms later)
    await show(canvas)       sends what changed, in pieces; other tasks run in between
    brightness(percent)      0 to 100
    power(on)                off: dark; the picture stays, and `show` continues to update it
    invert(on)               dark on light: an OLED at once, a colour display with the next `show`

All but `make` raise OSError where the bus gets no acknowledge: on I2C; SPI has none. After that, and after a cancelled
`show`, call `start()` again. The canvas must not change during `show`.
"""

import framebuf

# Colours of lit pixels, those of the page; the others are black. ALARM is for what needs action, and for nothing else.
TEXT = 0
DIM = 1
GOOD = 2
BUSY = 3
WARN = 4
ALARM = 5
BAND = 6
GRID = 7
# The same in RGB565.
COLOURS = (0xFFFF, 0xAD97, 0x5F14, 0x85BF, 0xFE08, 0xF985, 0x1AC8, 0x52EC)


def glyph_buffer(font) -> tuple:
    """A buffer for one glyph of the font, and a frame buffer over it: framebuf takes no frozen bytes."""
    buffer = bytearray(font.glyph_bytes)
    return buffer, framebuf.FrameBuffer(buffer, font.width, font.height, framebuf.MONO_HLSB)


class Canvas:
    """A frame buffer that draws with the fonts of the firmware.

    `buffer`: bytes of 8 pixels on top of each other, the uppermost in bit 0; `width` of them are a strip, and strips
    follow each other downwards. `tints`: a frame buffer with the colour of each of these bytes as a pixel of four bits,
    over `tint_buffer`; None without colours.
    """

    def __init__(self, width: int, height: int, colours: bool = False):
        self.width = width
        self.height = height
        strips = (height + 7) // 8
        self.buffer = bytearray(width * strips)
        self.pixels = framebuf.FrameBuffer(self.buffer, width, height, framebuf.MONO_VLSB)
        self.tints = None
        if colours:
            self.tint_buffer = bytearray((width + 1) // 2 * strips)
            self.tints = framebuf.FrameBuffer(self.tint_buffer, width, strips, framebuf.GS4_HMSB)

    def clear(self):
        """Clear all pixels, and reset the colours."""
        self.pixels.fill(0)
        if self.tints:
            self.tints.fill(TEXT)

    def tint(self, x: int, y: int, width: int, height: int, colour: int):
        """Set the colour in the columns of the rectangle, in all strips that it touches; clipped to the canvas."""
        if self.tints:
            self.tints.fill_rect(x, y // 8, width, (y + height + 7) // 8 - y // 8, colour)

    def text(self, font, text: str, x: int, y: int) -> int:
        """Draw `text` at its upper left corner; returns the x behind it."""
        buffer, glyph = glyph_buffer(font)
        for character in text:
            buffer[:] = font.glyph(character)
            self.pixels.blit(glyph, x, y)
            x += font.width
        return x

    def invert(self, x: int, y: int, width: int, height: int):
        """Swap lit and dark in a rectangle within the canvas, bytewise: pixel by pixel takes ten times as long."""
        for strip in range(y // 8, (y + height + 7) // 8):
            above, below = y - 8 * strip, 8 * strip + 8 - y - height
            bits = 255 << max(0, above) & 255 >> max(0, below)
            for at in range(strip * self.width + x, strip * self.width + x + width):
                self.buffer[at] ^= bits
