"""What is wrong with a text that is no JSON, and where. Lazy, of strict_json.py."""


def reason(byte: int, expected: str) -> str:
    """Why this byte, -1 at the end of the text, can't stand where something else is expected."""
    if byte < 0:
        return "the text ends too early: is it cut short, or a bracket missing?"
    if byte in b"/#":
        return "JSON has no comments"
    if byte in (0x27, 0xE2):  # ' and the typographic ones
        return 'only the straight double quote " encloses a text'
    return "expected " + expected


def position(data: bytes, at: int) -> tuple[int, int]:
    """Line and column of the byte at this index, both from 1."""
    begin = data.rfind(b"\n", 0, at) + 1
    return data[:begin].count(b"\n") + 1, len(str(data[begin:at], "utf-8")) + 1
