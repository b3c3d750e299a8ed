"""A piece of a damaged configuration's text as a fault may show it. Lazy."""

from evencell.compat import const
from evencell.config.table import has

_SHOWN_SYMBOLS = const(2)  # at most, in a row
_SHOWN_BRACKETS = const(6)
_JSON_WORDS = ("null", "true", "false")


def masked(text: str) -> str:
    """A piece of a configuration's text as it may be shown: JSON's characters, and of its words the table's keys."""
    result, word, brackets = "", "", 0
    for i, letter in enumerate(text + " "):
        if letter > " " and letter not in '{}[]:,"' and letter != "\x7f":
            word += letter
            continue
        if word:
            is_key = text[i:].lstrip('" ')[:1] == ":" and has(word)
            is_harmless = word in _JSON_WORDS or (len(word) <= _SHOWN_SYMBOLS and all(map(_is_symbol, word)))
            result += word if is_key or is_harmless else "…"
            brackets = 0
        word = ""
        if letter in '" ':
            result += letter
            brackets = 0
        elif letter < " " or letter == "\x7f":
            result += " "
        else:
            brackets += 1
            result += letter if brackets <= _SHOWN_BRACKETS else ""
    return result[:-1]


def _is_symbol(letter: str) -> bool:
    return letter < "\x7f" and not letter.isalpha() and not letter.isdigit()
