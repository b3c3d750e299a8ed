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
_MAX_CELLS = const(16)  # of a run: 2 KB of heap
_DIRECTIONS = b"\x00\x60\xc0\xa0"  # bits MY (80h), MX (40h), MV (20h) for 0, 90, 180 and 270 degrees


class ColourPanel:
    """A panel (contract: canvas.py). The canvas is sent in strips of 8 rows, each in runs of cells of one colour.

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
        self._run = bytearray(_MAX_CELLS * 128)
        self._views = {}  # pixels → frame buffer of that width upon `_run`; few widths occur
        self._two = bytearray(4)  # black and a colour, the upper byte first
        self._two_colours = framebuf.FrameBuffer(self._two, 2, 1, framebuf.RGB565)
        self._window = bytearray(4)
        self._on = True
        self._asleep = True
        self._since_ms = 0

    def start(self):
        """See the contract. `show` wakes the chip, because that takes time."""
        self._asleep = True
        for strip in range(len(self._sent)):
            self._sent[strip] = _UNKNOWN
        self._bus.reset()
        self._bus.command(b"\x01")
        self._since_ms = ticks_ms()

    async def show(self, canvas):
        """See the contract. A piece is a run of cells in a strip."""
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
        self.invert(False)
        self._bus.command(b"\x11")
        await sleep_ms(_WAKING_MS)

    async def _show_strip(self, canvas, strip: int):
        tints = strip * canvas.columns
        start = 0
        for column in range(1, canvas.columns + 1):
            tint = canvas.tints[tints + start]
            if column < canvas.columns and column - start < _MAX_CELLS and canvas.tints[tints + column] == tint:
                continue
            self._show_run(canvas, strip, start * 8, min(column * 8, self.width), tint)
            start = column
            await sleep_ms(0)

    def _show_run(self, canvas, strip: int, x: int, end: int, tint: int):
        width = end - x
        height = min(8, self.height - 8 * strip)
        view = self._views.get(width)
        if view is None:
            view = self._views[width] = framebuf.FrameBuffer(self._run, width, 8, framebuf.RGB565)
        self._two[2] = COLOURS[tint] >> 8
        self._two[3] = COLOURS[tint] & 255
        view.blit(canvas.pixels, -x, -8 * strip, -1, self._two_colours)
        self._address(b"\x2a", self._left + x, width)
        self._address(b"\x2b", self._top + 8 * strip, height)
        self._send(b"\x2c", memoryview(self._run)[: 2 * width * height])

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
        """See the contract."""
        self._bus.command(b"\x21" if on != self._inverted else b"\x20")


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
    tints = memoryview(canvas.tints)[strip * canvas.columns : (strip + 1) * canvas.columns]
    return crc32(tints, crc32(pixels)) & 0x3FFF_FFFF
