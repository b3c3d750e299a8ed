"""Made by the build (tools/build.py, FONTS)."""

def get_ch(ch: str) -> tuple[memoryview, int, int]:
    """(glyph, height, width) in pixels; the glyph is mapped horizontally."""
