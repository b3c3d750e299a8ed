"""What every display shows is drawn here first: one bit a pixel, lit or not."""

import framebuf


class Canvas:
    """A frame buffer with the fonts of the firmware."""

    def __init__(self, width: int, height: int):
        self.width = width
        self.height = height
        self._buffer = bytearray(width * height // 8)
        self.pixels = framebuf.FrameBuffer(self._buffer, width, height, framebuf.MONO_HLSB)

    def text(self, font, text: str, x: int, y: int) -> int:
        """Draw `text` with its upper left corner there; returns the x behind it."""
        for character in text:
            glyph, height, width = font.get_ch(character)
            self.pixels.blit(framebuf.FrameBuffer(bytearray(glyph), width, height, framebuf.MONO_HLSB), x, y)
            x += width
        return x

    def text_right(self, font, text: str, right: int, y: int):
        """Draw `text` so that it ends before x = `right`."""
        self.text(font, text, right - self.text_width(font, text), y)

    def text_width(self, font, text: str) -> int:
        """Pixels that `text` takes."""
        return sum(font.get_ch(character)[2] for character in text)

    def invert(self, x: int, y: int, width: int, height: int):
        """Swap lit and dark in a rectangle."""
        for row in range(y, y + height):
            for column in range(x, x + width):
                self.pixels.pixel(column, row, 1 - self.pixels.pixel(column, row))

    def triangle(self, x: int, y: int, up: bool, colour: int = 1):
        """A triangle of 5 × 3 pixels that points up or down."""
        for row in range(3):
            half = row if up else 2 - row
            self.pixels.hline(x + 2 - half, y + row, 2 * half + 1, colour)

    def delta_sign(self, x: int, y: int):
        """The letter Δ, 7 × 7 pixels."""
        self.pixels.line(x + 3, y, x, y + 6, 1)
        self.pixels.line(x + 3, y, x + 6, y + 6, 1)
        self.pixels.hline(x, y + 6, 7, 1)

    def pbm(self) -> bytes:
        """The picture as a portable bitmap (P4); a lit pixel is a 1."""
        return b"P4\n%d %d\n" % (self.width, self.height) + self._buffer
