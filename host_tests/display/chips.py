"""Models of the four display controllers, from their data sheets: commands in, memory, and the picture on the glass.

Strict: a command that the data sheet doesn't have fails, so do a parameter too many or too few, a write beyond the
memory or the window, and a command in the time in which the chip doesn't listen. After power-up the memory is noise.
They know what the drivers may use, and no more.
"""

from array import array


class MonoChip:
    """SSD1306 or SH1106 behind a glass of `width` × `height` pixels, wired as on the usual modules."""

    _COMMON = {0x81: 1, 0xA8: 1, 0xD3: 1, 0xD5: 1, 0xD9: 1, 0xDA: 1, 0xDB: 1}
    _ALONE = (0xA0, 0xA1, 0xA4, 0xA5, 0xA6, 0xA7, 0xAE, 0xAF, 0xC0, 0xC8, 0xE3)
    _OWN = {"ssd1306": {0x20: 1, 0x8D: 1, 0x2E: 0}, "sh1106": {0xAD: 1, 0x30: 0, 0x31: 0, 0x32: 0, 0x33: 0}}
    _COLUMNS = {"ssd1306": 128, "sh1106": 132}

    def __init__(self, name: str, width: int, height: int, first_column: int):
        self.name = name
        self.width = width
        self.height = height
        self.first = first_column
        self.columns = self._COLUMNS[name]
        self.counts = dict(self._COMMON)
        self.counts.update(self._OWN[name])
        for code in self._ALONE:
            self.counts[code] = 0
        for first, last in ((0x00, 0x1F), (0x40, 0x7F), (0xB0, 0xB7)):
            for code in range(first, last + 1):
                self.counts[code] = 0
        self.power_up()

    def power_up(self):
        """All is as after a reset, the memory noise."""
        self.memory = [bytearray(b"\xa5" * self.columns) for _ in range(8)]
        self.page = self.column = 0
        self.waiting = None  # the command whose parameter comes next
        self.set = {0x81: 0x7F, 0xA8: 63, 0xD3: 0, 0xDA: 0x12, 0x20: 2, 0x8D: 0x10, 0xAD: 0x8B, 0x40: 0}
        self.turned = self.upwards = False
        self.inverted = self.all_lit = self.on = False

    def reset(self):
        """By the pin: the memory stays."""
        memory = self.memory
        self.power_up()
        self.memory = memory

    def command(self, code: int, _now_ms: int):
        """One byte with D/C low."""
        if self.waiting is not None:
            self.set[self.waiting] = code
            self.waiting = None
            return
        assert code in self.counts, "%s has no command %02Xh" % (self.name, code)
        if self.counts[code]:
            self.waiting = code
        elif code < 0x10:
            self.column = self.column & 0xF0 | code
        elif code < 0x20:
            self.column = self.column & 0x0F | (code & 0x0F) << 4
        elif 0x40 <= code < 0x80:
            self.set[0x40] = code - 0x40
        elif 0xB0 <= code < 0xB8:
            self.page = code - 0xB0
        else:
            self._switch(code)

    def _switch(self, code: int):
        if code in (0xA0, 0xA1):
            self.turned = code == 0xA1
        elif code in (0xC0, 0xC8):
            self.upwards = code == 0xC8
        elif code in (0xA6, 0xA7):
            self.inverted = code == 0xA7
        elif code in (0xA4, 0xA5):
            self.all_lit = code == 0xA5
        elif code in (0xAE, 0xAF):
            assert code == 0xAE or self.name == "sh1106" or self.set[0x8D] == 0x14, "on without its charge pump"
            self.on = code == 0xAF

    def write(self, buffer, _now_ms: int):
        """Bytes with D/C high."""
        assert self.waiting is None, "a parameter is missing"
        assert self.set[0x20] == 2, "this model knows page addressing alone"
        assert self.column + len(buffer) <= self.columns, "beyond the memory"
        assert self.page < self.height // 8, "beyond the glass"
        for byte in buffer:
            # SSD1306 turns what is written, SH1106 what is shown.
            at = self.columns - 1 - self.column if self.turned and self.name == "ssd1306" else self.column
            self.memory[self.page][at] = byte
            self.column += 1

    def is_lit(self) -> bool:
        """Whether anything is to be seen."""
        return self.on

    def brightness(self) -> int:
        """0 to 255."""
        return self.set[0x81]

    def picture(self) -> list[bytes]:
        """Rows of the glass, a byte a pixel: 1 is lit."""
        assert self.set[0xA8] == self.height - 1 and self.set[0xDA] == (0x12 if self.height == 64 else 0x02)
        assert self.set[0xD3] == self.set[0x40] == 0 and not self.all_lit
        rows = []
        for y in range(self.height):
            line = y if self.upwards else self.height - 1 - y
            row = bytearray(self.width)
            for x in range(self.width):
                segment = self.columns - 1 - self.first - x  # so the glass is wired
                at = segment if self.name == "ssd1306" or not self.turned else self.columns - 1 - segment
                row[x] = (self.memory[line // 8][at] >> line % 8 & 1) ^ self.inverted
            rows.append(bytes(row))
        return rows


class ColourChip:
    """ST7789 or ILI9341 behind a glass of `width` × `height` pixels, at `left`, `top` of its 240 × 320.

    How the glass is made: `negative` shows colours right only inverted, `bgr` has red and blue exchanged, `mirrored`
    counts columns from the right.
    """

    _COMMON = {
        0x01: 0, 0x10: 0, 0x11: 0, 0x13: 0, 0x20: 0, 0x21: 0, 0x28: 0, 0x29: 0, 0x2A: 4, 0x2B: 4, 0x36: 1, 0x3A: 1,
    }  # fmt: skip
    _OWN = {"st7789": {}, "ili9341": {0xC0: 1, 0xC1: 1, 0xC5: 2, 0xC7: 1}}

    def __init__(self, name: str, width: int, height: int, left=0, top=0, negative=False, bgr=False, mirrored=False):
        self.name = name
        self.width = width
        self.height = height
        self.left = left
        self.top = top
        self.negative = negative
        self.bgr = bgr
        self.mirrored = mirrored
        self.counts = dict(self._COMMON)
        self.counts.update(self._OWN[name])
        self.memory = array("H", bytes(240 * 320 * 2))
        self.since_ms = -1000
        self.power_up()

    def power_up(self):
        """All is as after a reset, the memory noise."""
        for at in range(0, len(self.memory), 7):
            self.memory[at] = 0x5A5A
        self.reset()

    def reset(self):
        """By the pin, or by command: the memory stays."""
        self.code = None
        self.given = bytearray()
        self.set = {0x2A: b"\x00\x00\x00\xef", 0x2B: b"\x00\x00\x01\x3f", 0x36: b"\x00", 0x3A: b"\x66"}
        self.awake = self.on = self.inverted = False
        self.deaf_ms = 0
        self.odd = None  # the upper half of a pixel that was cut in two

    def command(self, code: int, now_ms: int):
        """One byte with D/C low."""
        self._finish()
        assert now_ms - self.since_ms >= self.deaf_ms, "%02Xh while it doesn't listen" % code
        assert code == 0x2C or code in self.counts, "%s has no command %02Xh" % (self.name, code)
        if code == 0x01:
            self.reset()
            self._be_deaf(5, now_ms)
        elif code == 0x11:
            assert not self.awake and now_ms - self.since_ms >= 120, "it can't wake up so soon"
            self.awake = True
            self._be_deaf(5, now_ms)
        elif code in (0x20, 0x21):
            self.inverted = code == 0x21
        elif code in (0x28, 0x29):
            assert self.awake and now_ms - self.since_ms >= 120, "asleep"
            self.on = code == 0x29
        elif code == 0x2C:
            self._open_window()
        self.code = code

    def _be_deaf(self, deaf_ms: int, now_ms: int):
        self.deaf_ms = deaf_ms
        self.since_ms = now_ms

    def _finish(self):
        """The command before this one has what it needs."""
        if self.code in self.counts:
            assert len(self.given) == self.counts[self.code], "%02Xh with %d parameters" % (self.code, len(self.given))
            if self.given:
                self.set[self.code] = bytes(self.given)
        self.code = None
        self.given = bytearray()
        assert self.odd is None, "half a pixel"

    def _open_window(self):
        assert self.set[0x3A] == b"\x55", "not 16 bits a pixel"
        columns, rows = self.set[0x2A], self.set[0x2B]
        self.first_column, self.last_column = columns[0] << 8 | columns[1], columns[2] << 8 | columns[3]
        self.row, self.last_row = rows[0] << 8 | rows[1], rows[2] << 8 | rows[3]
        self.column = self.first_column
        lying = self.set[0x36][0] & 0x20
        assert self.first_column <= self.last_column < (320 if lying else 240), "columns"
        assert self.row <= self.last_row < (240 if lying else 320), "rows"

    def write(self, buffer, _now_ms: int):
        """Bytes with D/C high."""
        assert self.code is not None, "data without a command"
        if self.code != 0x2C:
            self.given.extend(buffer)
            assert len(self.given) <= self.counts[self.code], "a parameter too many"
            return
        for byte in buffer:
            if self.odd is None:
                self.odd = byte
            else:
                self._put(self.odd << 8 | byte)
                self.odd = None

    def _put(self, pixel: int):
        assert self.row <= self.last_row, "beyond the window"
        directions = self.set[0x36][0]
        x, y = (self.row, self.column) if directions & 0x20 else (self.column, self.row)
        if directions & 0x40:
            x = 239 - x
        if directions & 0x80:
            y = 319 - y
        seen_x = 239 - x if self.mirrored else x
        assert 0 <= seen_x - self.left < self.width and 0 <= y - self.top < self.height, "beyond the glass"
        self.memory[y * 240 + x] = pixel
        self.column += 1
        if self.column > self.last_column:
            self.column = self.first_column
            self.row += 1

    def is_lit(self) -> bool:
        """Whether anything is to be seen."""
        return self.awake and self.on

    def picture(self) -> list[bytes]:
        """Rows of the glass, three bytes a pixel."""
        self._finish()
        looks = {}
        rows = []
        for y in range(self.top, self.top + self.height):
            row = []
            for x in range(self.left, self.left + self.width):
                pixel = self.memory[y * 240 + (239 - x if self.mirrored else x)]
                if pixel not in looks:
                    looks[pixel] = self._look(pixel)
                row.append(looks[pixel])
            rows.append(b"".join(row))
        return rows

    def _look(self, pixel: int) -> bytes:
        if self.inverted != self.negative:
            pixel ^= 0xFFFF
        red, green, blue = pixel >> 11, pixel >> 5 & 63, pixel & 31
        if bool(self.set[0x36][0] & 0x08) != self.bgr:
            red, blue = blue, red
        return bytes((red << 3 | red >> 2, green << 2 | green >> 4, blue << 3 | blue >> 2))


def as_seen(rows: list[bytes], pixel_bytes: int, rotation: int):
    """Rows of the glass as the picture's own, one by one: it lies there turned clockwise by `rotation` degrees."""
    count = len(rows[0]) // pixel_bytes
    if rotation in (180, 270):
        rows = list(reversed(rows))
    for at in range(len(rows) if rotation in (0, 180) else count):
        if rotation == 0:
            yield rows[at]
        elif rotation == 180:
            yield b"".join(_pixel(rows[at], x, pixel_bytes) for x in range(count - 1, -1, -1))
        else:
            x = count - 1 - at if rotation == 90 else at
            yield b"".join(_pixel(row, x, pixel_bytes) for row in rows)


def _pixel(row: bytes, x: int, pixel_bytes: int) -> bytes:
    return row[x * pixel_bytes : (x + 1) * pixel_bytes]
