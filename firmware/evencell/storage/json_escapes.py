"""Escapes in texts of JSON. Lazy, of strict_json.py."""

from evencell.compat import const
from evencell.storage.strict_json import JsonError

_JOINED = const(0x10000)  # first code point that takes two surrogates
# Ranges of the surrogates.
_HIGH = const(0xD800)
_LOW = const(0xDC00)
_END = const(0xE000)

_ESCAPED = b'"\\/bfnrt'
_MEANT = '"\\/\b\f\n\r\t'


def unescape(data: bytes, at: int, is_tolerant: bool) -> tuple[str, int]:
    """The character that the escape at this index stands for, and where the text goes on; raises JsonError.

    `is_tolerant`: an unpaired surrogate becomes U+FFFD.
    """
    place = _ESCAPED.find(data[at + 1 : at + 2])
    if place >= 0:
        return _MEANT[place], at + 2
    code = _code_unit(data, at)
    if code < 0:
        raise JsonError("a backslash in a text is written twice: \\\\", at)
    if not _HIGH <= code < _END:
        return chr(code), at + 6
    low = _code_unit(data, at + 6)
    if code < _LOW <= low < _END:
        return chr(_JOINED + ((code - _HIGH) << 10) + low - _LOW), at + 12
    if not is_tolerant:
        raise JsonError("half of a surrogate pair", at)
    return "\ufffd", at + 6


def _code_unit(data: bytes, at: int) -> int:
    """The number of the escape \\uXXXX at this index; -1 where there is none."""
    digits = data[at + 2 : at + 6]
    is_one = data[at : at + 2] == b"\\u" and len(digits) == 4
    if not is_one or not all(digit in b"0123456789abcdefABCDEF" for digit in digits):
        return -1
    return int(str(digits, "utf-8"), 16)
