"""Encrypted backups made with `cryptography` alone, so that the firmware's own are not what it is tested against."""

import base64
import json
import os

from cryptography.hazmat.primitives import hashes, hmac, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

PASSPHRASE = "äpfel birnen quitten"


def sealed(document, passphrase: str = PASSPHRASE, iterations: int = 1000, pad: bool = True) -> dict:
    """The file of an encrypted backup of `document`, bytes or what becomes JSON."""
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    salt, iv = os.urandom(16), os.urandom(16)
    key = PBKDF2HMAC(hashes.SHA256(), 32, salt, iterations).derive(passphrase.encode())
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(expanded(key, b"encryption")), modes.CBC(iv)).encryptor()
    data = encryptor.update(padder.update(data) + padder.finalize() if pad else data) + encryptor.finalize()
    authentication = hmac.HMAC(expanded(key, b"authentication"), hashes.SHA256())
    authentication.update(b"evencell backup 1" + iterations.to_bytes(4, "big") + salt + iv + data)
    mac = authentication.finalize()
    texts = {"salt": salt.hex(), "iv": iv.hex(), "mac": mac.hex(), "data": base64.b64encode(data).decode()}
    return {"encrypted_backup": 1, "iterations": iterations, **texts}


def expanded(key: bytes, purpose: bytes) -> bytes:
    return HKDFExpand(hashes.SHA256(), 32, b"evencell backup " + purpose).derive(key)
