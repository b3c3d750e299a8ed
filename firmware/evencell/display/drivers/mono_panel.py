"""Base of the mono OLED controllers: pages of 8 rows, addressed one by one.

SSD1306 and SH1106 share these commands (SSD1306 data sheet Rev 1.5, section 10.1; SH1106 data sheet V2.3, "Commands"):
B0h + page, 00h + lower and 10h + upper half of the column, 81h contrast, A0h/A1h and C0h/C8h directions, A6h/A7h
inversion, AEh/AFh off and on.
"""

from binascii import crc32

import framebuf

from evencell.compat import const, sleep_ms

_UNKNOWN = const(-1)


class MonoPanel:
    """A panel (contract: canvas.py) on a chip whose memory is `memory_columns` wide.

    `setup`: the chip's own commands. The display is switched on once its first picture is in its memory.
    """

    colours = False

    def __init__(self, bus, data: dict, memory_columns: int, setup: bytes):
        self._bus = bus
        self.width = width = data["width"]
        self.height = height = data["height"]
        offset = data.get("x_offset")
        if offset is None:
            offset = (memory_columns - width) // 2
        turned = data.get("rotation", 0) == 180  # or 0: upright there are no pages (boards/displays.py)
        self._first = memory_columns - width - offset if turned else offset
        self._setup = setup + (b"\xa0\xc0" if turned else b"\xa1\xc8")
        self._inverted = data.get("inverted", False)
        self._sent = [_UNKNOWN] * (height // 8)
        self._page = bytearray(width)
        self._view = framebuf.FrameBuffer(self._page, width, 8, framebuf.MONO_VLSB)
        self._on = True
        self._dark = True

    def start(self):
        """See the contract."""
        self._dark = True
        for page in range(len(self._sent)):
            self._sent[page] = _UNKNOWN
        self._bus.reset()
        self._bus.command(self._setup)
        self.invert(False)

    async def show(self, canvas):
        """See the contract. A piece is a page."""
        for page in range(len(self._sent)):
            self._view.blit(canvas.pixels, 0, -8 * page)
            checksum = crc32(self._page) & 0x3FFF_FFFF  # a small integer takes no heap
            if checksum != self._sent[page]:
                self._bus.command(bytes((0xB0 | page, self._first & 15, 0x10 | self._first >> 4)))
                self._bus.data(self._page)
                self._sent[page] = checksum
                await sleep_ms(0)
        if self._dark:
            self._dark = False
            self.power(self._on)

    def brightness(self, percent: int):
        """See the contract: the contrast, 0 to 255."""
        self._bus.command(bytes((0x81, percent * 255 // 100)))

    def power(self, on: bool):
        """See the contract."""
        self._on = on
        if not self._dark:
            self._bus.command(b"\xaf" if on else b"\xae")

    def invert(self, on: bool):
        """See the contract."""
        self._bus.command(b"\xa7" if on != self._inverted else b"\xa6")
