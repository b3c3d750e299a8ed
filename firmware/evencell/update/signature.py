"""The signature of an image: the second line before it. Lazy.

RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017) of the first line with its end, by one of the keys of keys.py.
"""

import json
from binascii import hexlify, unhexlify
from hashlib import sha256

from evencell.compat import const

_EXPONENT = const(65_537)
_KEY_DIGITS = const(16)
# DigestInfo of SHA-256 without its hash (RFC 8017, section 9.2).
_DIGEST_INFO = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"


def verify(upload, header: bytes):
    """Raise `upload.refusal(status, sentence)` unless `upload.seal` signs the header by one of `upload.keys`.

    Both are gone then: numbers of 4,096 bits are large for a chip.
    """
    try:
        key, signature = _parsed(upload.seal)
    except (KeyError, ValueError, TypeError, RuntimeError):  # the last: CPython, nested too deeply
        raise upload.refusal(400, "this is no image of evencell: its second line is no signature")
    keys = upload.keys
    upload.keys = upload.seal = None
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
