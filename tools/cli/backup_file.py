"""The file of an encrypted backup, opened on the computer (docs/decisions/0026-encrypted-backup.md)."""

import base64
import json
import operator
import os
from pathlib import Path

import click
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, hmac, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

MARK = "encrypted_backup"
_VERSION = 1
_KEY_BYTES = 32
_MAX_ITERATIONS = 10_000_000
_BLOCK_BITS = 128


class BackupError(click.ClickException):
    """Why a backup can't be used, in one sentence without anything of what is in it."""


def read(path: Path) -> dict:
    """The JSON object in the file; raises BackupError."""
    try:
        found = json.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise BackupError(f"{path}: {error.strerror}.") from None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BackupError(f"{path} is no backup: `evencell backup` and the page make one.")
    return found


def check_new(path: Path):
    """Raise BackupError where there is a file of this name: it may be the only backup."""
    if path.exists():
        raise BackupError(f"{path} is there already, and stays: choose another name.")


def write(path: Path, content: dict):
    """Write a file that its owner alone can read, whole or not at all; raises BackupError."""
    new = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(json.dumps(content) + "\n")
        new.replace(path)
    except OSError as error:
        raise BackupError(f"{path}: {error.strerror}.") from None
    finally:
        new.unlink(missing_ok=True)


def decrypt(name: str, file: dict, passphrase: str) -> dict:
    """The backup in the file called `name`; raises BackupError where the passphrase is wrong, or the file damaged."""
    if isinstance(file[MARK], int) and file[MARK] > _VERSION:
        raise BackupError(f"{name} is of a newer version: update evencell first.")
    if file[MARK] != _VERSION or file[MARK] is True:
        raise BackupError(f"{name} is damaged.")
    try:
        iterations = operator.index(file["iterations"])
        salt, iv, mac = (bytes.fromhex(file[key]) for key in ("salt", "iv", "mac"))
        data = base64.b64decode(file["data"], validate=True)
    except (KeyError, TypeError, ValueError):
        raise BackupError(f"{name} is damaged.") from None
    if not 0 < iterations <= _MAX_ITERATIONS:
        raise BackupError(f"{name} is damaged.")
    key = PBKDF2HMAC(hashes.SHA256(), _KEY_BYTES, salt, iterations).derive(passphrase.encode())
    authentication = hmac.HMAC(_expanded(key, b"authentication"), hashes.SHA256())
    for part in (b"evencell backup 1", iterations.to_bytes(4, "big"), salt, iv, data):
        authentication.update(part)
    try:
        authentication.verify(mac)
    except InvalidSignature:
        raise BackupError(f"{name}: wrong passphrase, or the file is damaged.") from None
    decryptor = Cipher(algorithms.AES256(_expanded(key, b"encryption")), modes.CBC(iv)).decryptor()
    unpadder = padding.PKCS7(_BLOCK_BITS).unpadder()
    try:
        return json.loads(unpadder.update(decryptor.update(data)) + unpadder.finalize())
    except ValueError:
        raise BackupError(f"{name} is damaged.") from None


def _expanded(key: bytes, purpose: bytes) -> bytes:
    return HKDFExpand(hashes.SHA256(), _KEY_BYTES, b"evencell backup " + purpose).derive(key)
