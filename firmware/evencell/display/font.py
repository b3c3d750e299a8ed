"""A font as the build makes it (tools/lettering.py): all characters equally wide, so no index is needed.

The file: height, width, baseline and length of the characters, a byte each; the characters in UTF-8; a glyph for what
is missing, then one for each character, row by row in whole bytes.
"""


class Font:
    """`height` and `width` of each character in pixels; `baseline`: rows above the one that letters stand on."""

    __slots__ = ("_characters", "_glyphs", "_size", "baseline", "height", "width")

    def __init__(self, path: str):
        """Raises OSError where there is no such file."""
        with open(path, "rb") as file:
            self.height, self.width, self.baseline, length = file.read(4)
            self._characters = file.read(length).decode()
            self._size = (self.width + 7) // 8 * self.height
            self._glyphs = memoryview(bytearray(self._size * (1 + len(self._characters))))
            file.readinto(self._glyphs)

    def glyph(self, character: str) -> memoryview:
        """Its pixels, as framebuf's MONO_HLSB has them: a question mark, or nothing, for one that is not there."""
        at = self._size * (self._characters.find(character) + 1)
        return self._glyphs[at : at + self._size]
