"""AES-CCM (RFC 3610) for a message of one block, nonces of 13 bytes and checks of 4, made of `cryptolib`'s AES."""

from evencell.compat import const

_ECB = const(1)
_BLOCK_BYTES = const(16)
_FIRST = b"\x09"  # a check of 4 bytes, a length of 2, no further data
_COUNTED = b"\x01"  # a length of 2


def encrypt(key: bytes, nonce: bytes, message: bytes) -> tuple[bytes, bytes]:
    """The encrypted message and its check. `message`: 1 to 16 bytes."""
    from cryptolib import aes  # CPython has none

    cipher = aes(key, _ECB)
    check = cipher.encrypt(_FIRST + nonce + len(message).to_bytes(2, "big"))
    check = cipher.encrypt(_xor(check, message + bytes(_BLOCK_BYTES - len(message))))
    mask, stream = [cipher.encrypt(_COUNTED + nonce + bytes((0, number))) for number in (0, 1)]
    return _xor(message, stream), _xor(check[:4], mask)


def _xor(some: bytes, others: bytes) -> bytes:
    return bytes([one ^ other for one, other in zip(some, others)])
