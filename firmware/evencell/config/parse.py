"""The content of `config.json`, or of a request about it, as an object. Lazy."""

from evencell.compat import const
from evencell.runtime.lazy import call, lazy

_QUOTED_BYTES = const(32)  # of what is wrong
_BOM = b"\xef\xbb\xbf"  # what Windows Notepad writes before UTF-8
_ENCODING = "save the file as UTF-8"


def parse(data: bytes) -> tuple[dict, list[str]] | None:
    """The JSON object in a file's content, and the paths of its repeated keys, or None where the content is empty;
    raises ValueError with a sentence."""
    if data[:3] == _BOM:
        data = data[3:]
    if not data.strip():
        return None
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or (0 in data[:2] and data[:2] != b"\0\0"):
        raise ValueError("this is UTF-16; " + _ENCODING)
    with lazy("evencell.storage.strict_json") as strict_json:
        if not strict_json.is_utf8(data):
            lines = [strict_json.is_utf8(line) for line in data.split(b"\n")]
            raise ValueError("line %d is not UTF-8; %s" % (lines.index(False) + 1, _ENCODING))
        repeated = []
        try:
            given = strict_json.parse(data, repeated)
        except strict_json.JsonError as error:
            place = call("evencell.storage.json_faults", "position", data, error.at)
            raise ValueError("line %d, column %d: " % place + str(error) + _quoted(data, error.at))
    if not isinstance(given, dict):
        raise ValueError("this must be a JSON object: { … }")
    return given, repeated


def _quoted(data: bytes, at: int) -> str:
    """The text from this index on, as far as it is no secret, as the end of a sentence."""
    end = data.find(b"\n", at)
    end = min(at + _QUOTED_BYTES, len(data) if end < 0 else end)
    while end < len(data) and data[end] & 0xC0 == 0x80:  # no half of a character
        end -= 1
    quoted = call("evencell.config.masked", "masked", str(data[at:end], "utf-8").rstrip())
    return ", found " + quoted if quoted else ""
