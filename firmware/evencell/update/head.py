"""The two lines before an image: whether a known key signed them, and whether the image is for this device. Lazy.

The first line is JSON, and what is signed; the second holds the signature. The format: docs/update.md.
"""

import sys
from binascii import hexlify, unhexlify
from hashlib import sha256

from evencell import __version__
from evencell.compat import const
from evencell.runtime.lazy import lazy
from evencell.storage.files import from_json

_FORMAT = const(1)
_EXPONENT = const(65_537)
_KEY_DIGITS = const(16)
_MAX_MANIFEST_BYTES = const(65_536)
_MAX_VERSION = const(32)
# DigestInfo of SHA-256 without its hash (RFC 8017, section 9.2).
_DIGEST_INFO = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"

_NO_IMAGE = "this is no image of evencell: `make build` and `make firmware` make one"
_OTHER_KIND = {
    "files": "this image is of a firmware, and this device runs evencell from files: send that of `make build`",
    "firmware": "this image is of files, and this device runs evencell's own firmware: send that of `make firmware`",
}


def read(upload, header: bytes, seal: bytes) -> dict:
    """What the header says; raises `upload.refusal(status, sentence)` where it isn't signed, or not for this device.

    `header`: the first line with its end, `seal`: the second.
    """
    _verify(upload, header, seal)
    about = _object(header)
    if about.get("evencell") != _FORMAT or not _is_whole(about):
        raise upload.refusal(400, _NO_IMAGE)
    _check(upload, about)
    return about


def _verify(upload, header: bytes, seal: bytes):
    """Refuse what no known key has signed."""
    line = _object(seal)
    try:
        key, signature = line["key"], unhexlify(line["signature"])
    except (KeyError, ValueError, TypeError):
        raise upload.refusal(400, _NO_IMAGE)
    with lazy("evencell.update.keys") as keys:
        known = keys.known(upload.context)
    if not known:
        raise upload.refusal(409, "this device knows no key for updates: add yours as update.keys (docs/update.md)")
    if not key:
        raise upload.refusal(403, "this image is not signed: `evencell keygen` makes a key, `make build` signs with it")
    for name, modulus in known:
        if hexlify(sha256(modulus).digest()).decode()[:_KEY_DIGITS] == key:
            if not is_signature(header, signature, modulus):
                text = "the signature is not that of the key %s: the image was changed, or is forged"
                raise upload.refusal(403, text % name)
            return
    raise upload.refusal(403, "this image is signed with a key that this device does not know: add it as update.keys")


def is_signature(message: bytes, signature: bytes, modulus: bytes) -> bool:
    """Whether this is the one signature of the message by RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, section 8.2.2).

    The whole block is compared with the only one that is right: whatever parses it can be led astray.
    """
    size = len(modulus)
    number, n = int.from_bytes(signature, "big"), int.from_bytes(modulus, "big")
    if len(signature) != size or number >= n:
        return False
    info = _DIGEST_INFO + sha256(message).digest()
    wanted = b"\x00\x01" + b"\xff" * (size - 3 - len(info)) + b"\x00" + info
    return pow(number, _EXPONENT, n).to_bytes(size, "big") == wanted


def _object(line: bytes) -> dict:
    """The JSON object in a line; empty where there is none."""
    try:
        found = from_json(str(line, "utf-8"))
    except (ValueError, RuntimeError):  # CPython: nested too deeply
        return {}
    return found if isinstance(found, dict) else {}


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
