"""Encrypts and decrypts a backup under a passphrase (docs/decisions/0026-encrypted-backup.md). Lazy.

PBKDF2-HMAC-SHA256 gives a key, HKDF-Expand (RFC 5869) makes two of it: AES-256-CBC encrypts, HMAC-SHA256 authenticates
the parameters and what was encrypted.
"""

import os
from binascii import a2b_base64, b2a_base64, hexlify, unhexlify
from hashlib import sha256

from evencell.compat import const
from evencell.forward.http.pbkdf2 import derive, is_equal
from evencell.forward.http.server import RefusalError

_VERSION = const(1)
_ITERATIONS = const(20_000)  # about 8 s on an ESP32, estimated
_MAX_ITERATIONS = const(50_000)  # of a file from elsewhere: others wait meanwhile
_MAX_PASSPHRASE = const(128)
_SALT_BYTES = const(16)
_BLOCK_BYTES = const(16)
_MAC_BYTES = const(32)
_PIECE_BYTES = const(192)  # a multiple of 3
_CBC = const(2)  # MicroPython's MODE_CBC
_HEAD = '{"encrypted_backup": %d, "iterations": %d, "salt": "%s", "iv": "%s", "mac": "%s", "data": "'
_DAMAGED = "the encrypted backup is damaged: %s; nothing was changed"
_WRONG = "wrong passphrase, or the backup is damaged; nothing was changed"


async def encrypt(data: bytearray, passphrase: str) -> list:
    """The file of an encrypted backup, in pieces; what is in `data` is encrypted in place."""
    salt, iv = os.urandom(_SALT_BYTES), os.urandom(_BLOCK_BYTES)
    encryption_key, mac_key = await _keys(passphrase, salt, _ITERATIONS)
    missing = _BLOCK_BYTES - len(data) % _BLOCK_BYTES
    data.extend(bytes([missing]) * missing)
    _aes(encryption_key, iv).encrypt(data, data)
    mac = _mac(mac_key, _ITERATIONS, salt, iv, data)
    texts = [hexlify(each).decode() for each in (salt, iv, mac)]
    pieces = [(_HEAD % (_VERSION, _ITERATIONS, texts[0], texts[1], texts[2])).encode()]
    for at in range(0, len(data), _PIECE_BYTES):
        pieces.append(b2a_base64(bytes(data[at : at + _PIECE_BYTES])).rstrip())
    pieces.append(b'"}')
    return pieces


async def decrypt(file: dict) -> bytes:
    """What is in an encrypted backup, whose passphrase stands beside it; raises RefusalError with a sentence."""
    passphrase, version = file.get("passphrase"), file["encrypted_backup"]
    if isinstance(version, int) and version > _VERSION:
        raise RefusalError(400, "the encrypted backup is of a newer version: update the firmware first")
    if version != _VERSION or version is True:
        raise RefusalError(400, _DAMAGED % "encrypted_backup", "encrypted_backup")
    if not isinstance(passphrase, str) or len(passphrase) > _MAX_PASSPHRASE:
        raise RefusalError(400, "this backup is encrypted: its passphrase is needed", "passphrase")
    iterations = _iterations(file.get("iterations"))
    salt = _decoded(file, "salt", unhexlify, _SALT_BYTES)
    iv = _decoded(file, "iv", unhexlify, _BLOCK_BYTES)
    mac = _decoded(file, "mac", unhexlify, _MAC_BYTES)
    data = _decoded(file, "data", a2b_base64)
    file.clear()
    if not data or len(data) % _BLOCK_BYTES:
        raise RefusalError(400, _DAMAGED % "data", "data")
    encryption_key, mac_key = await _keys(passphrase, salt, iterations)
    if not is_equal(_mac(mac_key, iterations, salt, iv, data), mac):
        raise RefusalError(403, _WRONG, "passphrase")
    data = bytearray(data)
    _aes(encryption_key, iv).decrypt(data, data)
    padding = data[-1]
    if not 0 < padding <= _BLOCK_BYTES or data[-padding:] != bytes([padding]) * padding:
        raise RefusalError(400, _DAMAGED % "data", "data")
    return bytes(memoryview(data)[: len(data) - padding])


def _iterations(value) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= _MAX_ITERATIONS:
        raise RefusalError(400, _DAMAGED % "iterations", "iterations")
    return value


def _decoded(file: dict, key: str, decode, size: int | None = None) -> bytes:
    """The bytes of a text in the file."""
    try:
        data = decode(file[key])
    except (KeyError, TypeError, ValueError):
        data = None
    if data is None or (size and len(data) != size):
        raise RefusalError(400, _DAMAGED % key, key)
    return data


async def _keys(passphrase: str, salt: bytes, iterations: int) -> tuple[bytes, bytes]:
    """The keys for AES and for the MAC."""
    key = await derive(passphrase.encode(), salt, iterations)
    return _hmac(key, b"evencell backup encryption\1"), _hmac(key, b"evencell backup authentication\1")


def _mac(key: bytes, iterations: int, salt: bytes, iv: bytes, data) -> bytes:
    """Each field but the last has a length of its own, so no two files have the same text."""
    return _hmac(key, b"evencell backup 1", iterations.to_bytes(4, "big"), salt, iv, data)


def _hmac(key: bytes, *parts) -> bytes:
    """HMAC-SHA256 (RFC 2104) with a key of 32 bytes."""
    inner = sha256(bytes([byte ^ 0x36 for byte in key]) + b"\x36" * 32)
    for part in parts:
        inner.update(part)
    return sha256(bytes([byte ^ 0x5C for byte in key]) + b"\x5c" * 32 + inner.digest()).digest()


def _aes(key: bytes, iv: bytes):
    from cryptolib import aes  # CPython has none

    return aes(key, _CBC, iv)
