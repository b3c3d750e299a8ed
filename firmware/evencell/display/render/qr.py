"""QR codes of versions 2 to 4, level L: 25, 29 or 33 modules, up to 78 bytes. Loaded on demand.

ISO/IEC 18004: codewords of data in one block, and a correction by Reed-Solomon over GF(256) with the polynomial 0x11D.
The mask is fixed: readers accept any, and selecting one takes more code than the symbol.
"""

from evencell.compat import const

MAX_BYTES = const(78)  # bytes of text
_SMALLEST = const(25)  # modules
# Codewords of data and of correction of each version; two of the former are the mode and the length.
_VERSIONS = ((34, 10), (55, 15), (80, 20))
_FORMAT = const(0x77C4)  # level L, mask 0, with its BCH code and the standard's XOR


def encode(text: str) -> list[int]:
    """The rows of the smallest code that holds the text, a bit for each module with the leftmost in the highest; 1 is
    dark. ValueError if it is too long."""
    data = text.encode()
    size = _SMALLEST
    for counts in _VERSIONS:
        if len(data) + 2 <= counts[0]:
            break
        size += 4
    else:
        raise ValueError("too long for a QR code of these sizes")
    rows = [0] * size
    taken = [0] * size
    _draw_patterns(rows, taken, size)
    _draw_format(rows, taken, size)
    _draw_data(rows, taken, _codewords(data, *counts))
    return rows


def _codewords(data: bytes, count: int, correction: int) -> bytearray:
    """Mode (bytes), length and text, shifted by the mode's half byte; then padding, then the correction."""
    words = bytearray(count + correction)
    words[0] = 0x40 | len(data) >> 4
    words[1] = (len(data) & 15) << 4
    for i, byte in enumerate(data):
        words[i + 1] |= byte >> 4
        words[i + 2] = (byte & 15) << 4
    for i in range(len(data) + 2, count):
        words[i] = 0x11 if (i - len(data)) & 1 else 0xEC
    _correct(words, count, correction)
    return words


def _correct(words: bytearray, count: int, correction: int):
    """Append the remainder of the division by the generator, whose roots are the first powers of 2."""
    generator = bytearray(correction)  # without its leading 1
    generator[-1] = 1
    root = 1
    for _ in range(correction):
        for i in range(correction):
            generator[i] = _times(generator[i], root)
            if i + 1 < correction:
                generator[i] ^= generator[i + 1]
        root = _times(root, 2)
    for word in words[:count]:
        factor = word ^ words[count]
        for i in range(correction):
            following = words[count + i + 1] if i + 1 < correction else 0
            words[count + i] = following ^ _times(generator[i], factor)


def _times(a: int, b: int) -> int:
    """Product in the field."""
    product = 0
    for bit in range(7, -1, -1):
        product = product << 1 ^ (product >> 7) * 0x11D
        if b >> bit & 1:
            product ^= a
    return product


def _put(rows, taken, x: int, y: int, is_dark: int):
    bit = 1 << (len(rows) - 1 - x)
    taken[y] |= bit
    rows[y] = rows[y] | bit if is_dark else rows[y] & ~bit


def _draw_patterns(rows, taken, size: int):
    """Draw the fixed patterns: finders with their margins, timing, and the one alignment pattern of these versions."""
    for i in range(size):
        _put(rows, taken, i, 6, not i & 1)
        _put(rows, taken, 6, i, not i & 1)
    for left, top in ((0, 0), (size - 7, 0), (0, size - 7)):
        for y in range(max(top - 1, 0), min(top + 8, size)):
            for x in range(max(left - 1, 0), min(left + 8, size)):
                _put(rows, taken, x, y, max(abs(x - left - 3), abs(y - top - 3)) not in (2, 4))
    for y in range(5):
        for x in range(5):
            _put(rows, taken, size - 9 + x, size - 9 + y, max(abs(x - 2), abs(y - 2)) != 1)


def _draw_format(rows, taken, size: int):
    """Draw level and mask, twice, and the dark module."""
    for i in range(15):
        bit = _FORMAT >> i & 1
        down = i if i < 6 else i + 1 if i < 8 else size - 15 + i
        across = size - 1 - i if i < 8 else 15 - i if i < 9 else 14 - i
        _put(rows, taken, 8, down, bit)
        _put(rows, taken, across, 8, bit)
    _put(rows, taken, 8, size - 8, 1)


def _draw_data(rows, taken, words):
    """Draw the data in columns of two, upwards and downwards alternating, from the right; apply the mask."""
    size, at = len(rows), 0
    for step in range((size - 1) // 2):
        right = size - 1 - 2 * step
        if right <= 6:
            right -= 1  # the timing pattern has this column
        for i in range(size):
            y = i if step & 1 else size - 1 - i
            for x in (right, right - 1):
                if not taken[y] >> (size - 1 - x) & 1:
                    bit = words[at >> 3] >> (7 - (at & 7)) & 1 if at < 8 * len(words) else 0
                    rows[y] |= (bit ^ (x + y + 1) & 1) << (size - 1 - x)
                    at += 1
