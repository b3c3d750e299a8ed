"""What all pages are drawn with: fonts that fit the display, margins, header, marks. It comes and goes with them."""

from evencell.compat import const
from evencell.display.canvas import DIM, HIGH, LOW, TEXT, WARN
from evencell.display.font import Font
from evencell.display.view import file_of
from evencell.pack.pack import ASLEEP, OFFLINE, STALE
from evencell.system.on_demand import call

_TINY_HEIGHT = const(48)  # below it there is no room for a header

_LEAST_OF_NAME = const(3)  # fewer characters of a name tell nothing
_FONTS = "evencell.display.fonts"

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

    `margin` stays free on the left, and `right` is where the right one begins; nothing is written from `bottom` on: a
    picture without colours moves by a pixel to the right and downwards, lest it burns in (light.py). `line` is the
    height of a line of text: whole cells where there are colours; `inset` puts the letters into its middle. `unit` is
    the width of a character of text. `name` is the pack's, where there are several. `is_old`: the values are.
    """

    def __init__(self, canvas, view, is_of_pack: bool = True):
        """Without `is_of_pack` nothing on the page is as old as the pack's values."""
        canvas.clear()
        self.canvas = canvas
        self.view = view
        self.pack = view.pack
        self.status = view.pack.accepted
        self.name = view.pack.name if len(view.hub.packs) > 1 else ""
        self.is_tiny = canvas.height < _TINY_HEIGHT
        self.is_old = is_of_pack and (self.pack.link in (STALE, OFFLINE, ASLEEP) or not self.pack.sequence)
        text = self.font(TEXTS)
        height, self.unit = text.height, text.width
        self.line = (height + 8) // 8 * 8 if canvas.tints else height
        self.inset = (self.line - height) // 2
        self.margin = (canvas.width % 16 // 2 or 4) if canvas.tints else 1
        self.right = canvas.width - self.margin
        self.bottom = canvas.height - (0 if canvas.tints else 1)

    def font(self, role: int):
        """The font in this role. It stays in memory until the page is closed."""
        fonts = self.view.fonts
        if role not in fonts:
            name = call(_FONTS, "fonts", self.canvas.width, self.canvas.height)[role]
            fonts[role] = Font(file_of(name))
        return fonts[role]

    def text(self, text: str, x: int, y: int, colour: int = TEXT, role: int = TEXTS) -> int:
        """Draw text from x on; what does not fit is left out. Returns the x behind it."""
        font = self.font(role)
        unit = font.width
        text = text[: max(0, (self.canvas.width - x) // unit)]
        self.canvas.tint(x + 1, y, len(text) * unit - 2, font.height, DIM if self.is_old else colour)
        return self.canvas.text(font, text, x, y)

    def text_right(self, text: str, right: int, y: int, colour: int = TEXT, role: int = TEXTS):
        """Draw text that ends before x = `right`."""
        self.text(text, right - len(text) * self.font(role).width, y, colour, role)

    def mark(self, is_high: bool, x: int, y: int, size: int = 0):
        """The triangle of the highest or the lowest cell, where a character with this upper left corner would stand."""
        rows = size or self.unit // 2
        y += rows + 1
        for row in range(rows):
            half = row if is_high else rows - 1 - row
            self.canvas.pixels.hline(x + rows - 1 - half, y + row, 2 * half + 1, 1)
        self.canvas.tint(x, y, 2 * rows - 1, rows, DIM if self.is_old else HIGH if is_high else LOW)

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

    def on_grid(self, y: int) -> int:
        """The nearest line of pixels at which cells with a colour of their own begin; `y` itself without colours."""
        return y + 4 & ~7 if self.canvas.tints else y

    def link_word(self) -> str:
        """What the link is like, in a word of the section `words`."""
        if not self.pack.sequence:
            return "silent"
        return {STALE: "stale", ASLEEP: "asleep", OFFLINE: "offline"}.get(self.pack.link, "")

    def age(self) -> str:
        """How old the values are; empty if there are none."""
        return span(self.pack.age_ms(self.view.clock) // 1000) if self.pack.sequence else ""

    def header(self, title: str) -> int:
        """Title and the pack's name; if the values are old, how old instead. Returns the y below."""
        if self.is_old:
            self.age_bar(0)
        else:
            self.text(title, self.margin, self.inset, DIM)
            room = (self.canvas.width - 2 * self.margin) // self.unit - len(title) - 1
            self.text_right(self.name[: max(0, room)], self.right, self.inset, DIM)
            if not self.canvas.tints:
                self.canvas.pixels.hline(0, self.line, self.canvas.width, 1)
        return self.line + 2

    def age_bar(self, y: int):
        """A stripe that says that the values are old, and how old."""
        self.canvas.pixels.fill_rect(0, y, self.canvas.width, self.line, 0)
        text = "%s %s" % (self.view.words("words")[self.link_word()], self.age())
        x = self.text(text, self.margin + 1, y + self.inset)
        room = (self.right - x) // self.unit - 1
        if room >= min(len(self.name), _LEAST_OF_NAME):
            self.text_right(self.name[:room], self.right - 1, y + self.inset)
        self.bar(y, self.line, WARN)
