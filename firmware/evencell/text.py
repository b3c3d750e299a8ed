"""Text from outside (answers, payloads, heads, files): never trusted to be UTF-8, short, or harmless on a terminal."""

_LINE_ENDS = b"\t\n\r"


def decode_text(data, max_bytes: int, is_one_line: bool = True) -> str:
    """The first `max_bytes` of `data` (bytes, or a text that may hold anything) as text that is safe to print.

    Bytes that are not UTF-8 and control characters are escaped as `\\xNN`; a character cut at the end is left out.
    Tab and line ends stay only where `is_one_line` is False. Never raises.
    """
    if isinstance(data, str):
        data = data[:max_bytes].encode("utf-8", "surrogatepass")
    end = min(len(data), max_bytes)
    text = bytearray()
    at = 0
    while at < end:
        size = _character_bytes(data, at)
        if size and at + size > end:
            break
        if size > 1 or (size and 0x20 <= data[at] < 0x7F) or (data[at] in _LINE_ENDS and not is_one_line):
            text += data[at : at + size]
        else:
            size = 1
            text += b"\\x%02x" % data[at]
        at += size
    return str(text, "utf-8")


def _character_bytes(data, at: int) -> int:
    """Size of the UTF-8 character at this place, also if it is cut at the end of `data`; 0 where there is none.

    One that two or more bytes encode and that is a control character (U+0080 to U+009F) is none.
    """
    first = data[at]
    if first < 0x80:
        return 1
    size = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
    if not 0xC2 <= first <= 0xF4:
        return 0
    code = first & (0x7F >> size)
    for i in range(at + 1, min(at + size, len(data))):
        if data[i] & 0xC0 != 0x80:
            return 0
        code = code << 6 | data[i] & 0x3F
    if at + size > len(data):
        return size
    is_shortest = code >= (0, 0, 0xA0, 0x800, 0x10000)[size]
    return size if is_shortest and code <= 0x10FFFF and not 0xD800 <= code < 0xE000 else 0
