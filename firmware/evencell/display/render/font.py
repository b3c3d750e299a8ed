"""Fixed-width bitmap fonts, as tools/build/fonts.py makes them.

The file: height, width, baseline and length of the characters, a byte each; the characters in UTF-8; a glyph for what
is missing, then one for each character, row by row in whole bytes.
"""

from evencell.storage.data_files import load


class Font:
    """`height` and `width` of each character in pixels; `baseline`: rows above the one that letters stand on;
    `glyph_bytes`: length of a glyph."""

    __slots__ = ("_characters", "_glyphs", "baseline", "glyph_bytes", "height", "width")

    def __init__(self, path: str):
        """Load a font; raises OSError if the build lacks it."""
        content = load(path)
        self.height, self.width, self.baseline, length = content[:4]
        self._characters = str(content[4 : 4 + length], "utf-8")
        self._glyphs = content[4 + length :]
        self.glyph_bytes = (self.width + 7) // 8 * self.height

    def glyph(self, character: str) -> memoryview:
        """Its pixels in the format MONO_HLSB; those of the first glyph for a missing character."""
        at = self.glyph_bytes * (self._characters.find(character) + 1)
        return self._glyphs[at : at + self.glyph_bytes]
