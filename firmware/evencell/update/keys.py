"""The keys whose owners may sign updates, and the signature of an image by one of them. Lazy.

A key is in `update.keys` of config.json, or that of the build, if it has one. The signature is RSASSA-PKCS1-v1_5 with
SHA-256 (RFC 8017) of an image's first line with its end; it is in the second line.
"""

import json
from binascii import a2b_base64, hexlify, unhexlify
from hashlib import sha256

from evencell.compat import const
from evencell.storage.data_files import is_there, open_data

# 2,048 to 4,096 bits.
MIN_BYTES = const(256)
MAX_BYTES = const(512)
RELEASE_KEY = "release_key.txt"  # beside this module: the modulus in base64
_RELEASE = "release"
_EXPONENT = const(65_537)
_KEY_DIGITS = const(16)
# DigestInfo of SHA-256 without its hash (RFC 8017, section 9.2).
_DIGEST_INFO = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"
_BOM = b"\xef\xbb\xbf"  # config/load.py skips it, too


def known(context) -> list[tuple]:
    """Name and modulus of each key. config.json is read anew, so that a key counts once it is added.

    What the configuration's check refuses, and has named in the log, is left out. Nothing stands in for a damaged file.
    """
    found = []
    path = __file__.rsplit("/", 1)[0] + "/" + RELEASE_KEY
    if is_there(path):
        with open_data(path) as file:
            _add(found, _RELEASE, str(file.read(), "utf-8"))
    section = _configured(context.board.config_path).get("update")
    entries = section.get("keys") if isinstance(section, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict):
            _add(found, entry.get("name"), entry.get("modulus"))
    return found


def _configured(path: str) -> dict:
    try:
        with open(path, "rb") as file:
            if file.read(len(_BOM)) != _BOM:
                file.seek(0)
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _add(found: list, name, text):
    try:
        modulus = a2b_base64(text.strip().encode())
    except (AttributeError, ValueError):
        return
    if isinstance(name, str) and MIN_BYTES <= len(modulus) <= MAX_BYTES and modulus[0]:
        found.append((name, modulus))


def verify(upload, header: bytes):
    """Raise `upload.refusal(status, sentence)` unless `upload.seal`, the second line, signs the header.

    That line is gone then: numbers of 4,096 bits are large for a chip.
    """
    try:
        key, signature = _parsed(upload.seal)
    except (KeyError, ValueError, TypeError, RuntimeError):  # the last: CPython, nested too deeply
        raise upload.refusal(400, "this is no image of evencell: its second line is no signature")
    upload.seal = None
    keys = known(upload.context)
    if not keys:
        raise upload.refusal(409, "this device knows no key for updates: add yours as update.keys (docs/update.md)")
    if not key:
        raise upload.refusal(403, "this image is not signed: `evencell keygen` makes a key, `make build` signs with it")
    for name, modulus in keys:
        if hexlify(sha256(modulus).digest()).decode()[:_KEY_DIGITS] == key:
            if not is_signature(header, signature, modulus):
                text = "the signature is not that of the key %s: the image was changed, or is forged"
                raise upload.refusal(403, text % name)
            return
    raise upload.refusal(403, "this image is signed with a key that this device does not know: add it as update.keys")


def _parsed(seal: bytes) -> tuple:
    line = json.loads(seal)
    return line["key"], unhexlify(line["signature"])


def is_signature(message: bytes, signature: bytes, modulus: bytes) -> bool:
    """Whether this is the one signature of the message by RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, section 8.2.2).

    The whole block is compared with the only one that is right: whatever parses it can be led astray.
    """
    size = len(modulus)
    number, n = int.from_bytes(signature, "big"), int.from_bytes(modulus, "big")
    if len(signature) != size or number >= n:
        return False
    found = pow(number, _EXPONENT, n).to_bytes(size, "big")
    info = _DIGEST_INFO + sha256(message).digest()
    return found == b"\x00\x01" + b"\xff" * (size - 3 - len(info)) + b"\x00" + info
