"""The header of an image: the first line before it, JSON that is signed. Lazy. The format: docs/update.md."""

import json
import sys

from evencell import __version__
from evencell.compat import const

_FORMAT = const(1)
_HEADER_BYTES = const(512)
_MAX_MANIFEST_BYTES = const(65_536)
_MAX_VERSION = const(32)

_NO_IMAGE = "this is no image of evencell: `make build` and `make firmware` make one"
_OTHER_KIND = {
    "files": "this image is of a firmware, and this device runs evencell from files: send that of `make build`",
    "firmware": "this image is of files, and this device runs evencell's own firmware: send that of `make firmware`",
}


def read(upload, header: bytes):
    """Keep it as `upload.header`; raises `upload.refusal(status, sentence)` where the image is not for this device."""
    try:
        about = json.loads(header)
    except (ValueError, RuntimeError):  # CPython: nested too deeply
        about = None
    if (
        len(header) > _HEADER_BYTES
        or not isinstance(about, dict)
        or about.get("evencell") != _FORMAT
        or not _is_whole(about)
    ):
        raise upload.refusal(400, _NO_IMAGE)
    _check(upload, about)
    upload.header = about


def _is_whole(about: dict) -> bool:
    """Whether the header has all that an image's needs."""
    if any(not isinstance(about.get(key), str) for key in ("kind", "board", "chip", "version", "sha256")):
        return False
    numbers = ("size", "mpy", "manifest") if about["kind"] == "files" else ("size",)
    if any(type(about.get(key)) is not int or about[key] <= 0 for key in numbers):
        return False
    if about["kind"] == "files" and about["manifest"] > min(about["size"], _MAX_MANIFEST_BYTES):
        return False
    return about["kind"] in _OTHER_KIND and len(about["sha256"]) == 64 and _is_version(about["version"])


def _is_version(text: str) -> bool:
    """Whether a version begins with three numbers, and has nothing that a log or a page would have to escape."""
    parts = text.partition("-")[0].split(".")
    is_plain = all(letter in ".-" or letter.isdigit() or letter.isalpha() for letter in text)
    return len(text) <= _MAX_VERSION and len(parts) == 3 and all(map(str.isdigit, parts)) and is_plain


def _check(upload, about: dict):
    """Refuse an image that is not for this device."""
    board = upload.context.board
    if about["kind"] != upload.kind:
        raise upload.refusal(409, _OTHER_KIND[upload.kind])
    for key, own in (("board", board.name), ("chip", board.chip)):
        if about[key] != own:
            text = "this image is for the %s %s, and this device's is %s"
            raise upload.refusal(409, text % (key, about[key][:32], own))
    mpy = sys.implementation._mpy & 0xFF
    if about["kind"] == "files" and about["mpy"] != mpy:
        text = "this image has bytecode of version %d, and this MicroPython runs version %d: `make flash` changes it"
        raise upload.refusal(409, text % (about["mpy"], mpy))
    if order_of(about["version"]) < order_of(__version__) and not upload.allows_downgrade:
        text = "evencell %s is older than %s, which runs here: send it with downgrade=1 if that is meant"
        raise upload.refusal(409, text % (about["version"], __version__))
    if about["size"] != upload.size:
        text = "%d bytes follow the head of this image, and its header says %d: it was cut off, or something was added"
        raise upload.refusal(400, text % (upload.size, about["size"]))


def order_of(version: str) -> tuple:
    """Something to compare versions by; one with a suffix, such as 1.2.0-rc1, comes before that without."""
    numbers, hyphen, suffix = version.partition("-")
    return [int(part) for part in numbers.split(".")], not hyphen, suffix
