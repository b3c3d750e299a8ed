"""Selects the fonts for a display's size; the build makes those that a board's display can use."""

from evencell.compat import const
from evencell.storage.data_files import is_there

_LARGE = const(320)  # pixels of the longer side


def missing(width: int, height: int) -> list[str]:
    """Fonts for this size that the build lacks, because it was made for another display."""
    folder = __file__.rsplit("/", 1)[0] + "/"  # as `file_of` of view.py, which is not loaded yet
    return [name for name in fonts(width, height) if not is_there(folder + name)]


def fonts(width: int, height: int) -> tuple[str, str, str]:
    """Font files for a canvas of this size: text, large words, the largest digits. Their height ends the name."""
    if height < 64:
        return "text_10.font", "text_10.font", "digits_20.font"
    if width < 135:
        return "text_10.font", "word_18.font", "digits_32.font"
    text = "text_18.font" if max(width, height) >= _LARGE else "text_14.font"
    if width < 170:
        return text, "word_20.font", "digits_32.font"
    if width < 240 or height < 170:
        return text, "word_24.font", "digits_44.font"
    return text, "word_32.font", "digits_52.font"
