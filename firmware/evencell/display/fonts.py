"""Selects the fonts for a display's size; the build makes those that a board's display can use."""

from evencell.storage.data_files import is_there


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
    if width < 170:
        return "text_14.font", "word_20.font", "digits_34.font"
    if height < 170:
        return "text_14.font", "word_24.font", "digits_60.font"
    if width < 240:
        return "text_18.font", "word_24.font", "digits_42.font"
    if height == 240 == width:
        return "text_18.font", "word_24.font", "digits_60.font"
    return "text_18.font", "word_32.font", "digits_76.font" if width > 240 else "digits_60.font"
