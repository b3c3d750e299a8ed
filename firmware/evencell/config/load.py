"""`config.json`: loading and saving. Every key has a default."""

import os

from evencell.compat import const
from evencell.runtime.lazy import call, lazy
from evencell.storage.paths import exists

MAX_BYTES = const(8192)
_QUOTED_BYTES = const(32)  # of what is wrong
_BOM = b"\xef\xbb\xbf"  # what Windows Notepad writes before UTF-8
_ENCODING = "save the file as UTF-8"


def load(path: str, overrides: dict | None = None) -> tuple[dict, list[str], list[str]]:
    """Load the whole configuration; returns it, a sentence for each fault, and warnings.

    A key that is wrong or missing has its default. `overrides` (from a command line) replace values of the file.
    Instead of a damaged or empty file the one before it is used.
    """
    faults, warnings = [], []
    given, repeated = read_best(path, faults, warnings)
    if faults and not given:  # it may have said that reading needs a login
        given = {"http": {"public_read": False}}
    override(given, overrides or {})
    config, wrong = call("evencell.config.check", "check", given, repeated)
    return config, faults + wrong, warnings


def read(path: str) -> tuple[dict, list[str]] | None:
    """What `parse` makes of the file, or None where it is empty; raises OSError, or ValueError with a sentence."""
    size_bytes = os.stat(path)[6]
    if size_bytes > MAX_BYTES:
        raise ValueError("%d bytes are too long, at most %d are read" % (size_bytes, MAX_BYTES))
    with open(path, "rb") as file:
        return parse(file.read())


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
            place = strict_json.position(data, error.at)
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


def read_best(path: str, faults: list, warnings: list) -> tuple[dict, list[str]]:
    """Read the newest undamaged file. `.new` counts only after a power cut between the two renames of `save`."""
    order = (path, path + ".old") if exists(path) else (path + ".new", path + ".old")
    files = [file for file in order if exists(file)]
    for file in files:
        try:
            found = read(file)
        except (OSError, ValueError) as error:
            why = call("evencell.storage.errors", "reason", error)
            if files == [path + ".new"]:  # the first one of all was never whole: there is no configuration yet
                warnings.append("%s: %s; not used" % (file, why))
                return {}, []
            faults.append("%s: %s" % (file, why))
            continue
        if found is None:
            if len(files) == 1:
                warnings.append("%s is empty: every key has its default" % file)
                return {}, []
            faults.append("%s: the file is empty" % file)
            continue
        if faults:
            faults.append("%s: used instead" % file)
        return found
    if files:
        faults.append("%s: every key has its default" % path)
    return {}, []


def override(given: dict, overrides: dict):
    """Put the values of `overrides`, shaped like the configuration, over those of `given`."""
    for key, value in overrides.items():
        if isinstance(value, dict) and isinstance(given.get(key), dict):
            given[key].update(value)
        else:
            given[key] = value
