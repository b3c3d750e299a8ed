"""Drawing of pages: fonts for the display's size, margins, header, marks. Loaded with a page."""

from evencell.compat import const
from evencell.display.render.canvas import DIM, TEXT, WARN
from evencell.display.render.font import Font
from evencell.display.view import file_of
from evencell.pack.pack import ASLEEP, OFFLINE, STALE
from evencell.runtime.lazy import call

_TINY_HEIGHT = const(48)  # below it there is no room for a header

_MIN_OF_NAME = const(3)  # characters of a shortened name
_FONTS = "evencell.display.fonts"

# Roles of the fonts: text, large words. The third are the largest digits (digits.py).
TEXTS = const(0)
WORDS = const(1)


def volts(voltage_mv: int) -> str:
    """Format as five characters, so that digits keep their place."""
    if voltage_mv < 100_000:
        return "%2d.%02d" % (voltage_mv // 1000, voltage_mv % 1000 // 10)
    return "%3d.%d" % (voltage_mv // 1000, voltage_mv % 1000 // 100)


def span(seconds: int) -> str:
    """Format a duration in a suitable unit."""
    if seconds < 120:
        return "%d s" % seconds
    if seconds < 7200:
        return "%d min" % (seconds // 60)
    return "%d h" % (seconds // 3600) if seconds < 172_800 else "%d d" % (seconds // 86_400)


class Sheet:
    """Draws a page on the canvas, which it clears. All measures are in pixels.

    `margin`: left margin; `right`: where the right margin begins; `bottom`: lower limit (a picture without colours
    moves by a pixel against burn-in: light.py). `line`: height of a line of text, in whole cells where there are
    colours; `inset` centres the letters in it. `unit`: width of a character of text. `name`: the pack's, if there are
    several. `is_old`: the values are stale.
    """

    def __init__(self, canvas, view, is_of_pack: bool = True):
        """`is_of_pack`: the page shows values of the pack, which can be stale."""
        canvas.clear()
        self.canvas = canvas
        self.view = view
        self.pack = view.pack
        self.status = view.pack and view.pack.accepted  # none in setup mode
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
        """The font of this role; cached until the page is closed."""
        fonts = self.view.fonts
        if role not in fonts:
            name = call(_FONTS, "fonts", self.canvas.width, self.canvas.height)[role]
            fonts[role] = Font(file_of(name))
        return fonts[role]

    def text(self, text: str, x: int, y: int, colour: int = TEXT, role: int = TEXTS) -> int:
        """Draw text from x on, clipped to the canvas; returns the x behind it."""
        font = self.font(role)
        unit = font.width
        text = text[: max(0, (self.canvas.width - x) // unit)]
        self.canvas.tint(x, y, len(text) * unit, font.height, DIM if self.is_old else colour)
        return self.canvas.text(font, text, x, y)

    def text_right(self, text: str, right: int, y: int, colour: int = TEXT, role: int = TEXTS):
        """Draw text that ends before x = `right`."""
        self.text(text, right - len(text) * self.font(role).width, y, colour, role)

    def mark(self, is_high: bool, x: int, y: int, size: int = 0):
        """Draw the triangle of the highest or lowest cell in the place of a character at x, y."""
        rows = size or self.unit // 2
        y += rows + 1
        for row in range(rows):
            half = row if is_high else rows - 1 - row
            self.canvas.pixels.hline(x + rows - 1 - half, y + row, 2 * half + 1, 1)
        self.canvas.tint(x, y, 2 * rows - 1, rows, DIM if self.is_old else TEXT)

    def fade(self, x: int, y: int, width: int, height: int):
        """Show a rectangle as stale, without colours."""
        for row in range(y, y + height, 2):
            self.canvas.pixels.hline(x, row, width, 0)

    def bar(self, y: int, height: int, colour: int):
        """Invert a bar over the whole width."""
        self.canvas.invert(0, y, self.canvas.width, height)
        self.canvas.tint(0, y, self.canvas.width, height, colour)

    def link_word(self) -> str:
        """State of the link, as a key of the section `words`."""
        if not self.pack.sequence:
            return "silent"
        return {STALE: "stale", ASLEEP: "asleep", OFFLINE: "offline"}.get(self.pack.link, "")

    def age(self) -> str:
        """Age of the values; empty without a reading."""
        return span(self.pack.age_ms(self.view.clock) // 1000) if self.pack.sequence else ""

    def header(self, title: str) -> int:
        """Draw title and pack's name, or the age of stale values; returns the y below."""
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
        """Draw a bar with the age of stale values."""
        self.canvas.pixels.fill_rect(0, y, self.canvas.width, self.line, 0)
        text = "%s %s" % (self.view.words("words")[self.link_word()], self.age())
        x = self.text(text, self.margin + 1, y + self.inset)
        room = (self.right - x) // self.unit - 1
        if room >= min(len(self.name), _MIN_OF_NAME):
            self.text_right(self.name[:room], self.right - 1, y + self.inset)
        self.bar(y, self.line, WARN)
