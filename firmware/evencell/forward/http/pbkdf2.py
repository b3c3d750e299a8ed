"""PBKDF2-HMAC-SHA256 (RFC 8018) of passwords, in slices of 10 ms. Lazy.

A hash in the configuration is "pbkdf2-sha256$ITERATIONS$SALT$KEY", the last two hexadecimal.
"""

import os
from binascii import hexlify, unhexlify
from hashlib import sha256

from evencell.compat import const, sleep_ms, ticks_diff, ticks_ms
from evencell.forward.http.sessions import is_equal

ITERATIONS = const(5_000)  # about 2 s on an ESP32, estimated (docs/decisions/0021-login.md)
_SLICE_MS = const(8)  # an iteration more and a garbage collection have to fit into 10
_BLOCK_BYTES = const(64)
_SALT_BYTES = const(16)
_SCHEME = "pbkdf2-sha256"


async def hash_password(password: str) -> str:
    """The hash of a new password, with a random salt."""
    salt = os.urandom(_SALT_BYTES)
    key = await derive(password.encode(), salt, ITERATIONS)
    return "%s$%d$%s$%s" % (_SCHEME, ITERATIONS, hexlify(salt).decode(), hexlify(key).decode())


async def is_password(password: str, stored: str) -> bool:
    """Whether this is the password of a hash; as slow for a wrong one as for the right one."""
    _, iterations, salt, key = stored.split("$")
    return is_equal(await derive(password.encode(), unhexlify(salt), int(iterations)), unhexlify(key))


async def derive(password: bytes, salt: bytes, iterations: int) -> bytes:
    """The first 32 bytes of the derived key."""
    if len(password) > _BLOCK_BYTES:
        password = sha256(password).digest()
    password += bytes(_BLOCK_BYTES - len(password))
    inner = bytearray([byte ^ 0x36 for byte in password]) + bytes(32)
    outer = bytearray([byte ^ 0x5C for byte in password]) + bytes(32)
    outer[_BLOCK_BYTES:] = sha256(bytes(inner[:_BLOCK_BYTES]) + salt + b"\0\0\0\1").digest()
    digest = sha256(outer).digest()
    result = int.from_bytes(digest, "big")
    since_ms = ticks_ms()
    for _ in range(iterations - 1):
        inner[_BLOCK_BYTES:] = digest
        outer[_BLOCK_BYTES:] = sha256(inner).digest()
        digest = sha256(outer).digest()
        result ^= int.from_bytes(digest, "big")
        if ticks_diff(ticks_ms(), since_ms) >= _SLICE_MS:
            await sleep_ms(0)
            since_ms = ticks_ms()
    return result.to_bytes(32, "big")
