"""Strict JSON (RFC 8259) for text from outside.

MicroPython's own parser does not join surrogate pairs, which makes invalid UTF-8, takes 1e400 for infinity, accepts
missing commas, accepts repeated keys, and does not locate a fault. Lazy, and so are json_escapes.py and json_faults.py.
"""

from evencell.compat import const

_DEEPEST = const(10)  # levels: each takes two calls
_MAX_DIGITS = const(38)  # digits: a longer number becomes a float
_LARGEST = 1e38  # a float of single precision reaches 3.4e38
# Ranges of the surrogates.
_HIGH = const(0xD800)
_END = const(0xE000)
_HIGHEST = const(0x10FFFF)

_LITERALS = ((b"true", True), (b"false", False), (b"null", None))


class JsonError(ValueError):
    """The text is not JSON; `at` is the index of the byte where it stops being that."""

    def __init__(self, reason: str, at: int):
        super().__init__(reason)
        self.at = at


def parse(data: bytes, repeated: list | None = None):
    """Value of a JSON text in UTF-8 (`is_utf8`); raises JsonError.

    With a list `repeated` it tolerates what concerns one value alone: the path of a repeated key is appended, and its
    last value counts; an unpaired surrogate becomes U+FFFD; a number beyond 1e38 becomes that.
    """
    parser = _Parser(data, repeated)
    value = parser.value("", 0)
    if parser.next() >= 0:
        raise JsonError("the text goes on behind its end", parser.at)
    return value


def is_utf8(data: bytes) -> bool:
    """Whether these bytes are UTF-8. MicroPython's own decoder takes surrogates and overlong forms."""
    try:
        text = str(data, "utf-8")
    except UnicodeError:
        return False
    return len(text) == len(data) or all(letter <= "\x7f" or _is_canonical(letter) for letter in text)


def _is_canonical(letter: str) -> bool:
    code = ord(letter)
    return code <= _HIGHEST and not _HIGH <= code < _END and chr(code).encode() == letter.encode()


class _Parser:
    """`at` is the index of the next byte to be read."""

    def __init__(self, data: bytes, repeated: list | None):
        self._data = data
        self._repeated = repeated
        self.at = 0

    def next(self) -> int:
        """The next byte that is no blank, without taking it; -1 at the end."""
        data, at = self._data, self.at
        while at < len(data) and data[at] in b" \n\r\t":
            at += 1
        self.at = at
        return data[at] if at < len(data) else -1

    def value(self, path: str, depth: int):
        """Any value; `path` ends with a dot, or is empty."""
        byte = self.next()
        if byte == 0x22:  # "
            return self._text()
        if byte in (0x7B, 0x5B):  # { [
            if depth == _DEEPEST:
                raise JsonError("more than %d levels of { and [" % _DEEPEST, self.at)
            self.at += 1
            return self._object(path, depth + 1) if byte == 0x7B else self._array(path, depth + 1)
        if byte >= 0 and byte in b"-0123456789":
            return self._number()
        for literal, value in _LITERALS:
            if self._data[self.at : self.at + len(literal)] == literal:
                self.at += len(literal)
                return value
        raise self._unexpected("a value: a text in double quotes, a number, true, false, null, { or [")

    def _object(self, path: str, depth: int) -> dict:
        found = {}
        if self._takes(0x7D):  # }
            return found
        while True:
            if self.next() != 0x22:
                raise self._unexpected("a key in double quotes")
            begin = self.at
            key = self._text()
            if not self._takes(0x3A):  # :
                raise self._unexpected("a colon")
            if key in found:
                if self._repeated is None:
                    raise JsonError("this key is there twice", begin)
                self._repeated.append(path + key)
            found[key] = self.value(path + key + ".", depth)
            if self._takes(0x7D):
                return found
            if not self._takes(0x2C):  # ,
                raise self._unexpected("a comma or }")

    def _array(self, path: str, depth: int) -> list:
        found = []
        if self._takes(0x5D):  # ]
            return found
        while True:
            found.append(self.value("%s[%d]." % (path[:-1], len(found)), depth))
            if self._takes(0x5D):
                return found
            if not self._takes(0x2C):
                raise self._unexpected("a comma or ]")

    def _takes(self, byte: int) -> bool:
        """Whether this byte comes next; then it is taken."""
        if self.next() != byte:
            return False
        self.at += 1
        return True

    def _text(self) -> str:
        data, begin = self._data, self.at
        at, text = begin + 1, ""
        while True:
            end = data.find(b'"', at)
            if end < 0:
                raise JsonError("this text has no closing quote", begin)
            escape = data.find(b"\\", at, end)
            plain = data[at : end if escape < 0 else escape]
            if plain and min(plain) < 0x20:
                raise JsonError("a line break or control character in this text: is its closing quote missing?", begin)
            plain = str(plain, "utf-8")  # takes no memory where this name is interned, unlike a sum of texts
            text = text + plain if text else plain
            if escape < 0:
                self.at = end + 1
                return text
            from evencell.storage.json_escapes import unescape  # stays as long as this module

            letter, at = unescape(data, escape, self._repeated is not None)
            text += letter

    def _number(self):
        data, begin = self._data, self.at
        end = begin
        while end < len(data) and data[end] in b"+-.0123456789eE":
            end += 1
        digits = str(data[begin:end], "utf-8")
        self.at = end
        whole = digits.lstrip("-")
        fraction = digits.find(".") + 1
        if (whole[:1] == "0" and whole[1:2].isdigit()) or (fraction and not digits[fraction:][:1].isdigit()):
            raise JsonError("this is no number", begin)
        try:
            is_whole = whole.isdigit() and len(whole) <= _MAX_DIGITS
            value = int(digits) if is_whole else float(digits)
        except ValueError:
            raise JsonError("this is no number", begin)
        if -_LARGEST <= value <= _LARGEST:
            return value
        if self._repeated is None:
            raise JsonError("this number is too large", begin)
        return _LARGEST if value > 0 else -_LARGEST

    def _unexpected(self, expected: str) -> JsonError:
        from evencell.storage.json_faults import reason

        byte = self.next()
        return JsonError(reason(byte, expected), self.at)
