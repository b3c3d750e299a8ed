"""Base of the colour controllers on SPI: windows in a memory of 240 × 320 pixels of 16 bits.

ST7789V (data sheet V1.3, section 9.1) and ILI9341 (V1.11, section 8.2) share these commands: 01h reset, 11h sleep out,
20h/21h inversion, 28h/29h off and on, 2Ah columns, 2Bh rows, 2Ch memory write, 36h directions, 3Ah bits a pixel.
"""

from binascii import crc32

import framebuf

from evencell.compat import const, sleep_ms, ticks_diff, ticks_ms
from evencell.display.render.canvas import COLOURS

_MEMORY_WIDTH = const(240)
_MEMORY_HEIGHT = const(320)
_WAKING_MS = const(120)  # after a reset until "sleep out", and after that: the longest of both data sheets
_UNKNOWN = const(-1)
_MAX_PIECE = const(80)  # columns: 1.3 KB of heap
_LIT = const(1)  # stands for a lit pixel while a piece is composed; no colour
_WHITE = const(0xFFFF)
# COLOURS, to be read on white.
_COLOURS_ON_WHITE = (0x0000, 0x52EC, 0x03C9, 0x1A99, 0xA280, 0xC882, 0xB719, 0xBE19)
_DIRECTIONS = b"\x00\x60\xc0\xa0"  # bits MY (80h), MX (40h), MV (20h) for 0, 90, 180 and 270 degrees


class ColourPanel:
    """A panel (contract: canvas.py). The canvas is sent in strips of 8 rows, each in pieces of equal width.

    `setup`: commands of the chip's own, each with the number of its parameters before them. `directions` swaps bits of
    36h: those by which the glass is mirrored, and 08h where red and blue are exchanged.
    """

    colours = True

    def __init__(self, bus, data: dict, setup: bytes, directions: int):
        self._bus = bus
        self._setup = setup
        self._inverted = data.get("inverted", False)
        turns = data.get("rotation", 0) // 90
        self.width, self.height, self._left, self._top = _place(data, turns)
        self._directions = bytes((_DIRECTIONS[turns] ^ directions,))
        self._sent = [_UNKNOWN] * ((self.height + 7) // 8)
        pieces = (self.width + _MAX_PIECE - 1) // _MAX_PIECE
        self._columns = (self.width + pieces - 1) // pieces
        self._piece = bytearray(16 * self._columns)
        self._pixels = framebuf.FrameBuffer(self._piece, self._columns, 8, framebuf.RGB565)
        self._first_row = framebuf.FrameBuffer(self._piece, self._columns, 1, framebuf.RGB565)
        self._colours = framebuf.FrameBuffer(bytearray(32), 16, 1, framebuf.RGB565)
        self._mask = framebuf.FrameBuffer(bytearray(4), 2, 1, framebuf.RGB565)
        self._mask.pixel(1, 0, _LIT)
        self._set_colours(COLOURS, 0)
        self._window = bytearray(4)
        self._on = True
        self._asleep = True
        self._since_ms = 0

    def start(self):
        """See the contract. `show` wakes the chip, because that takes time."""
        self._asleep = True
        self._set_colours(COLOURS, 0)
        self._bus.reset()
        self._bus.command(b"\x01")
        self._since_ms = ticks_ms()

    async def show(self, canvas):
        """See the contract."""
        waking = self._asleep
        if waking:
            await self._wake()
        for strip in range(len(self._sent)):
            checksum = _checksum(canvas, strip)
            if checksum != self._sent[strip]:
                await self._show_strip(canvas, strip)
                self._sent[strip] = checksum
        if waking:
            self._asleep = False
            self.power(self._on)

    async def _wake(self):
        await sleep_ms(max(0, _WAKING_MS - ticks_diff(ticks_ms(), self._since_ms)))
        at = 0
        while at < len(self._setup):
            count = self._setup[at]
            self._send(self._setup[at + 1 : at + 2], self._setup[at + 2 : at + 2 + count])
            at += 2 + count
        self._send(b"\x3a", b"\x55")  # 16 bits a pixel
        self._send(b"\x36", self._directions)
        self._bus.command(b"\x21" if self._inverted else b"\x20")
        self._bus.command(b"\x11")
        await sleep_ms(_WAKING_MS)

    async def _show_strip(self, canvas, strip: int):
        """The last piece overlaps the one before if the width can't be divided."""
        for x in range(0, self.width, self._columns):
            self._show_piece(canvas, strip, min(x, self.width - self._columns))
            await sleep_ms(0)

    def _show_piece(self, canvas, strip: int, x: int):
        """Fill the piece with the colours of its columns, then darken what is not lit."""
        pixels = self._pixels
        self._first_row.blit(canvas.tints, -x, -strip, -1, self._colours)
        for row in range(1, 8):
            pixels.blit(self._first_row, 0, row)
        pixels.blit(canvas.pixels, -x, -8 * strip, _LIT, self._mask)
        height = min(8, self.height - 8 * strip)
        self._address(b"\x2a", self._left + x, self._columns)
        self._address(b"\x2b", self._top + 8 * strip, height)
        self._send(b"\x2c", memoryview(self._piece)[: 2 * self._columns * height])

    def _set_colours(self, colours: tuple, dark: int):
        """Prepare a palette; the next `show` sends the whole picture."""
        for number in range(len(colours)):
            self._colours.pixel(number, 0, colours[number] >> 8 | (colours[number] & 255) << 8)  # upper byte first
        self._mask.pixel(0, 0, dark)
        for strip in range(len(self._sent)):
            self._sent[strip] = _UNKNOWN

    def _address(self, command: bytes, first: int, count: int):
        last = first + count - 1
        window = self._window
        window[0] = first >> 8
        window[1] = first & 255
        window[2] = last >> 8
        window[3] = last & 255
        self._send(command, window)

    def _send(self, command: bytes, parameters):
        self._bus.command(command)
        if parameters:
            self._bus.data(parameters)

    def brightness(self, percent: int):
        """See the contract: the backlight."""
        self._bus.backlight(percent)

    def power(self, on: bool):
        """See the contract. The chip does not sleep: waking takes 120 ms."""
        self._on = on
        if not self._asleep:
            self._bus.command(b"\x29" if on else b"\x28")

    def invert(self, on: bool):
        """See the contract: other colours, since the chip's inversion would turn red into cyan."""
        if on:
            self._set_colours(_COLOURS_ON_WHITE, _WHITE)
        else:
            self._set_colours(COLOURS, 0)


def _place(data: dict, turns: int) -> tuple[int, int, int, int]:
    """Width and height after rotation, and their origin in the memory as it is addressed then."""
    width = data["width"]
    height = data["height"]
    left = data.get("x_offset") or 0
    top = data.get("y_offset") or 0
    if turns in (1, 2):
        left = _MEMORY_WIDTH - width - left
    if turns in (2, 3):
        top = _MEMORY_HEIGHT - height - top
    return (height, width, top, left) if turns in (1, 3) else (width, height, left, top)


def _checksum(canvas, strip: int) -> int:
    """Checksum of pixels and colours of a strip: a small integer, which takes no heap."""
    pixels = memoryview(canvas.buffer)[strip * canvas.width : (strip + 1) * canvas.width]
    columns = (canvas.width + 1) // 2
    tints = memoryview(canvas.tint_buffer)[strip * columns : (strip + 1) * columns]
    return crc32(tints, crc32(pixels)) & 0x3FFF_FFFF
