"""QR codes of version 2, level L: 25 × 25 modules, up to 32 bytes. Loaded on demand.

ISO/IEC 18004: 34 codewords of data, 10 of correction by Reed-Solomon over GF(256) with the polynomial 0x11D. The mask
is fixed: readers accept any, and selecting one takes more code than the symbol.
"""

from evencell.compat import const

SIZE = const(25)
MAX_BYTES = const(32)  # bytes of text
_DATA = const(34)
_CORRECTION = const(10)
_ALIGNMENT = const(16)  # the first row and column of the one alignment pattern
_FORMAT = const(0x77C4)  # level L, mask 0, with its BCH code and the standard's XOR


def encode(text: str) -> list[int]:
    """SIZE rows, a bit for each module with the leftmost in the highest; 1 is dark. ValueError if it is too long."""
    data = text.encode()
    if len(data) > MAX_BYTES:
        raise ValueError("too long for a QR code of this size")
    rows = [0] * SIZE
    taken = [0] * SIZE
    _draw_patterns(rows, taken)
    _draw_format(rows, taken)
    _draw_data(rows, taken, _codewords(data))
    return rows


def _codewords(data: bytes) -> bytearray:
    """Mode (bytes), length and text, shifted by the mode's half byte; then padding, then the correction."""
    words = bytearray(_DATA + _CORRECTION)
    words[0] = 0x40 | len(data) >> 4
    words[1] = (len(data) & 15) << 4
    for i, byte in enumerate(data):
        words[i + 1] |= byte >> 4
        words[i + 2] = (byte & 15) << 4
    for i in range(len(data) + 2, _DATA):
        words[i] = 0x11 if (i - len(data)) & 1 else 0xEC
    _correct(words)
    return words


def _correct(words: bytearray):
    """Append the remainder of the division by the generator, whose roots are the first powers of 2."""
    generator = bytearray(_CORRECTION)  # without its leading 1
    generator[-1] = 1
    root = 1
    for _ in range(_CORRECTION):
        for i in range(_CORRECTION):
            generator[i] = _times(generator[i], root)
            if i + 1 < _CORRECTION:
                generator[i] ^= generator[i + 1]
        root = _times(root, 2)
    for word in words[:_DATA]:
        factor = word ^ words[_DATA]
        for i in range(_CORRECTION):
            following = words[_DATA + i + 1] if i + 1 < _CORRECTION else 0
            words[_DATA + i] = following ^ _times(generator[i], factor)


def _times(a: int, b: int) -> int:
    """Product in the field."""
    product = 0
    for bit in range(7, -1, -1):
        product = product << 1 ^ (product >> 7) * 0x11D
        if b >> bit & 1:
            product ^= a
    return product


def _put(rows, taken, x: int, y: int, is_dark: int):
    bit = 1 << (SIZE - 1 - x)
    taken[y] |= bit
    rows[y] = rows[y] | bit if is_dark else rows[y] & ~bit


def _draw_patterns(rows, taken):
    """Draw the fixed patterns of this version: finders with their margins, timing, alignment."""
    for i in range(SIZE):
        _put(rows, taken, i, 6, not i & 1)
        _put(rows, taken, 6, i, not i & 1)
    for left, top in ((0, 0), (SIZE - 7, 0), (0, SIZE - 7)):
        for y in range(max(top - 1, 0), min(top + 8, SIZE)):
            for x in range(max(left - 1, 0), min(left + 8, SIZE)):
                _put(rows, taken, x, y, max(abs(x - left - 3), abs(y - top - 3)) not in (2, 4))
    for y in range(5):
        for x in range(5):
            _put(rows, taken, _ALIGNMENT + x, _ALIGNMENT + y, max(abs(x - 2), abs(y - 2)) != 1)


def _draw_format(rows, taken):
    """Draw level and mask, twice, and the dark module."""
    for i in range(15):
        bit = _FORMAT >> i & 1
        down = i if i < 6 else i + 1 if i < 8 else SIZE - 15 + i
        across = SIZE - 1 - i if i < 8 else 15 - i if i < 9 else 14 - i
        _put(rows, taken, 8, down, bit)
        _put(rows, taken, across, 8, bit)
    _put(rows, taken, 8, SIZE - 8, 1)


def _draw_data(rows, taken, words):
    """Draw the data in columns of two, upwards and downwards alternating, from the right; apply the mask."""
    at = 0
    for step in range((SIZE - 1) // 2):
        right = SIZE - 1 - 2 * step
        if right <= 6:
            right -= 1  # the timing pattern has this column
        for i in range(SIZE):
            y = i if step & 1 else SIZE - 1 - i
            for x in (right, right - 1):
                if not taken[y] >> (SIZE - 1 - x) & 1:
                    bit = words[at >> 3] >> (7 - (at & 7)) & 1 if at < 8 * len(words) else 0
                    rows[y] |= (bit ^ (x + y + 1) & 1) << (SIZE - 1 - x)
                    at += 1
