"""The largest digits, read from the file of their font one by one: loaded they would take up to 8 KB. Loaded with a
page."""

from evencell.compat import const
from evencell.display.render.canvas import TEXT, glyph_buffer
from evencell.display.view import file_of
from evencell.runtime.lazy import call
from evencell.storage.data_files import open_data

_ROLE = const(2)  # beside those of sheet.py


class Digits:
    """A font (font.py) that stays in its file. A point takes half the width of a digit."""

    __slots__ = ("_characters", "_first", "_path", "glyph_bytes", "height", "width")

    def __init__(self, path: str):
        """Read what the font has; raises OSError if the build lacks it."""
        self._path = path
        with open_data(path) as file:
            self.height, self.width, _, length = file.read(4)
            self._characters = str(file.read(length), "utf-8")
        self._first = 4 + length
        self.glyph_bytes = (self.width + 7) // 8 * self.height

    def draw(self, canvas, text: str, x: int, y: int, colour: int = TEXT) -> int:
        """Draw text at its upper left corner; returns the x behind it."""
        buffer, glyph = glyph_buffer(self)
        left = x
        with open_data(self._path) as file:
            for character in text:
                file.seek(self._first + self.glyph_bytes * (self._characters.find(character) + 1))
                file.readinto(buffer)
                if character == ".":
                    canvas.pixels.blit(glyph, x - self.width // 4, y, 0)
                    x += self.width // 2
                else:
                    canvas.pixels.blit(glyph, x, y, 0)
                    x += self.width
        canvas.tint(left, y, x - left, self.height, colour)
        return x


def digits_of(sheet) -> Digits:
    """The digits for the display's size; cached until the page is closed."""
    fonts = sheet.view.fonts
    if _ROLE not in fonts:
        name = call("evencell.display.fonts", "fonts", sheet.canvas.width, sheet.canvas.height)[_ROLE]
        fonts[_ROLE] = Digits(file_of(name))
    return fonts[_ROLE]
