"""Which fonts fit a display: the build makes those that a board's display can use, and the pages load them by name."""

from evencell.compat import const
from evencell.system.on_demand import forget

_LARGE = const(320)  # pixels of the longer side


def missing(width: int, height: int) -> list[str]:
    """Those of them that are not there: the build was for another display."""
    return [name for name in fonts(width, height) if not _is_there("evencell.display." + name)]


def _is_there(name: str) -> bool:
    try:
        __import__(name)
    except ImportError:
        return False
    forget(name)
    return True


def fonts(width: int, height: int) -> tuple[str, str, str]:
    """Font modules for a canvas of this size: text, large words, the largest digits. Their height ends the name."""
    if height < 64:
        return "font_text_10", "font_text_10", "font_digits_20"
    if width < 135:
        return "font_text_10", "font_word_18", "font_digits_32"
    text = "font_text_18" if max(width, height) >= _LARGE else "font_text_14"
    if width < 170:
        return text, "font_word_20", "font_digits_32"
    if width < 240 or height < 170:
        return text, "font_word_24", "font_digits_44"
    return text, "font_word_32", "font_digits_52"
