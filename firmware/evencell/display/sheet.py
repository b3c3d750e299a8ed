"""What all pages are drawn with: fonts that fit the display, margins, header, marks. It comes and goes with them."""

import framebuf

from evencell.compat import const
from evencell.display.canvas import DIM, HIGH, LOW, TEXT, WARN
from evencell.display.fonts import fonts
from evencell.display.view import ALARM_BITS, CONFIG_TROUBLE, LINE_TROUBLE, LINK_TROUBLE
from evencell.pack.alarms import names_of
from evencell.pack.pack import ASLEEP, OFFLINE, STALE

_TINY_HEIGHT = const(48)  # below it there is no room for a header

# Roles of the fonts: text, large words, the largest digits.
TEXTS = const(0)
WORDS = const(1)
DIGITS = const(2)


def volts(voltage_mv: int) -> str:
    """Five characters, whatever the voltage: digits that don't jump."""
    if voltage_mv < 100_000:
        return "%2d.%02d" % (voltage_mv // 1000, voltage_mv % 1000 // 10)
    return "%3d.%d" % (voltage_mv // 1000, voltage_mv % 1000 // 100)


def span(seconds: int) -> str:
    """How long, in the unit that suits it."""
    if seconds < 120:
        return "%d s" % seconds
    if seconds < 7200:
        return "%d min" % (seconds // 60)
    return "%d h" % (seconds // 3600) if seconds < 172_800 else "%d d" % (seconds // 86_400)


class Sheet:
    """One page on its way to the canvas, which it clears. All measures are in pixels.

    `margin` stays free on the left, and `right` is where the right one begins. `line` is the height of a line of text:
    whole cells where there are colours. `unit` is the width of a character of text. `is_old`: the values are.
    """

    def __init__(self, canvas, view, is_of_pack: bool = True):
        """Without `is_of_pack` nothing on the page is as old as the pack's values."""
        canvas.clear()
        self.canvas = canvas
        self.view = view
        self.pack = view.pack
        self.status = view.pack.accepted
        self._fonts = fonts(canvas.width, canvas.height)
        self.is_tiny = canvas.height < _TINY_HEIGHT
        self.is_old = is_of_pack and (self.pack.link in (STALE, OFFLINE, ASLEEP) or not self.pack.sequence)
        _, height, self.unit = self.font(TEXTS).get_ch("0")
        self.line = (height + 8) // 8 * 8 if canvas.tints else height
        self.margin = (canvas.width % 16 // 2 or 4) if canvas.tints else 1
        self.right = canvas.width - self.margin

    def font(self, role: int):
        """The module of the font in this role."""
        return self.view.load(self._fonts[role])

    def text(self, text: str, x: int, y: int, colour: int = TEXT, role: int = TEXTS) -> int:
        """Draw text from x on; what does not fit is left out. Returns the x behind it."""
        font = self.font(role)
        _, height, unit = font.get_ch("0")
        text = text[: max(0, (self.canvas.width - x) // unit)]
        self.canvas.tint(x + 1, y, len(text) * unit - 2, height, DIM if self.is_old else colour)
        return self.canvas.text(font, text, x, y)

    def text_right(self, text: str, right: int, y: int, colour: int = TEXT, role: int = TEXTS):
        """Draw text that ends before x = `right`."""
        self.text(text, right - len(text) * self.font(role).get_ch("0")[2], y, colour, role)

    def mark(self, is_high: bool, x: int, y: int, size: int = 0):
        """The triangle of the highest or the lowest cell, where a character with this upper left corner would stand."""
        rows = size or self.unit // 2
        y += rows + 1
        for row in range(rows):
            half = row if is_high else rows - 1 - row
            self.canvas.pixels.hline(x + rows - 1 - half, y + row, 2 * half + 1, 1)
        self.canvas.tint(x, y, 2 * rows - 1, rows, DIM if self.is_old else HIGH if is_high else LOW)

    def number(self, text: str, x: int, y: int) -> int:
        """Draw the largest digits; a point takes half their width. Returns the x behind them."""
        font = self.font(DIGITS)
        for character in text:
            glyph, height, width = font.get_ch(character)
            picture = framebuf.FrameBuffer(bytearray(glyph), width, height, framebuf.MONO_HLSB)
            if character == ".":
                self.canvas.pixels.blit(picture, x - width // 4, y, 0)
                x += width // 2
            else:
                self.canvas.pixels.blit(picture, x, y, 0)
                x += width
        return x

    def fade(self, x: int, y: int, width: int, height: int):
        """Make what stands there look old."""
        if self.canvas.tints:
            self.canvas.tint(x, y, width, height, DIM)
        else:
            for row in range(y, y + height, 2):
                self.canvas.pixels.hline(x, row, width, 0)

    def bar(self, y: int, height: int, colour: int):
        """Turn a stripe over the whole width into dark on light."""
        self.canvas.invert(0, y, self.canvas.width, height)
        self.canvas.tint(0, y, self.canvas.width, height, colour)

    def header(self, title: str) -> int:
        """Title, and the pack's name where there are several; if the values are old, how old. Returns the y below."""
        y = 1 if self.canvas.tints else 0
        if self.is_old:
            self.text(self.age_words(), self.margin + 1, y)
            self.bar(0, self.line, WARN)
        else:
            self.text(title, self.margin, y, DIM)
            if not self.canvas.tints:
                self.canvas.pixels.hline(0, self.line, self.canvas.width, 1)
        name = self.name()
        room = (self.canvas.width - 2 * self.margin) // self.unit - len(title) - 1
        self.text_right(name[: max(0, room)], self.right, y, DIM)
        return self.line + 2

    def wrap(self, text: str, columns: int = 0) -> list[str]:
        """Lines of at most so many characters (0: as many as have room). A longer word is broken, if need be."""
        columns = columns or (self.right - self.margin) // self.unit
        lines = [""]
        for word in text.split(" "):
            while len(word) > columns:
                cut = word.rfind(".", 0, columns) + 1 or columns  # an address
                lines.append(word[:cut])
                word = word[cut:]
            if lines[-1] and len(lines[-1]) + 1 + len(word) > columns:
                lines.append(word)
            else:
                lines[-1] += " " + word if lines[-1] else word
        return [line for line in lines if line]

    def on_grid(self, y: int) -> int:
        """The nearest line of pixels at which cells with a colour of their own begin; `y` itself without colours."""
        return y + 4 & ~7 if self.canvas.tints else y

    def finish_tiny(self):
        """Without room for a header, the last line says that the values are old."""
        if self.is_old:
            y = self.canvas.height - self.line
            self.canvas.pixels.fill_rect(0, y, self.canvas.width, self.line, 0)
            self.text(self.age_words(), self.margin + 1, y)
            self.bar(y, self.line, WARN)

    def troubles(self) -> list[str]:
        """What is wrong, as keys of the sections `names` and `remedies`. A verdict says why there is no answer."""
        bits = self.view.troubles(self.pack)
        names = names_of(bits & ALARM_BITS)
        if bits & LINE_TROUBLE:
            names.append(self.pack.diagnosis.name)
        elif bits & LINK_TROUBLE:
            names.append("link")
        if bits & CONFIG_TROUBLE:
            names.append("config")
        return names

    def name(self) -> str:
        """The pack's name, where there are several."""
        return self.pack.name if len(self.view.hub.packs) > 1 else ""

    def link_word(self) -> str:
        """What the link is like, in a word of the section `words`."""
        if not self.pack.sequence:
            return "silent"
        return {STALE: "stale", ASLEEP: "asleep", OFFLINE: "offline"}.get(self.pack.link, "")

    def age(self) -> str:
        """How old the values are; empty if there are none."""
        return span(self.pack.age_ms(self.view.clock) // 1000) if self.pack.sequence else ""

    def age_words(self) -> str:
        """That the values are old, and how old."""
        return "%s %s" % (self.view.words("words")[self.link_word()], self.age())
