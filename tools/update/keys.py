"""Keys that sign updates: RSA with the exponent 65537, which a device verifies with `pow` alone."""

import base64
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import click
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

EXPONENT = 65537
MIN_BITS, USUAL_BITS, MAX_BITS = 2048, 3072, 4096
DEFAULT_FILE = Path(click.get_app_dir("evencell")) / "update.pem"
_ID_DIGITS = 16


class KeyFileError(click.ClickException):
    """Why a key can't be used, in one sentence without anything of the key."""


@dataclass(frozen=True)
class PublicKey:
    """A key as a device knows it."""

    numbers: rsa.RSAPublicNumbers

    @property
    def modulus(self) -> bytes:
        """Big-endian, without leading zeros."""
        return self.numbers.n.to_bytes((self.numbers.n.bit_length() + 7) // 8, "big")

    @property
    def id(self) -> str:
        """Names the key in an image."""
        return hashlib.sha256(self.modulus).hexdigest()[:_ID_DIGITS]

    def entry(self, name: str) -> dict:
        """The item of `update.keys`."""
        return {"name": name, "modulus": base64.b64encode(self.modulus).decode()}

    def verifies(self, content: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's, of just this content."""
        try:
            self.numbers.public_key().verify(signature, content, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        return True


class PrivateKey:
    """A key pair. Its repr shows nothing of it."""

    def __init__(self, key: rsa.RSAPrivateKey):
        self._key = key
        self.public = PublicKey(key.public_key().public_numbers())

    def sign(self, content: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5 with SHA-256: the same signature each time."""
        return self._key.sign(content, padding.PKCS1v15(), hashes.SHA256())

    def save(self, path: Path):
        """Write as PEM, readable by the owner alone; raises KeyFileError, also where there is a file already."""
        pem = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        new = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(pem)
            os.link(new, path)  # refuses to replace a file, as a rename would
        except FileExistsError:
            raise KeyFileError(f"{path} is there already, and a key is never overwritten.") from None
        except OSError as error:
            raise KeyFileError(f"{path}: {error.strerror}.") from None
        finally:
            new.unlink(missing_ok=True)


def generate(bits: int = USUAL_BITS) -> PrivateKey:
    """A new key pair."""
    return PrivateKey(rsa.generate_private_key(EXPONENT, bits))


def load(path: Path) -> PrivateKey:
    """The private key in a PEM file; raises KeyFileError."""
    content = _content(path)
    try:
        key = serialization.load_pem_private_key(content, None)
    except TypeError:
        raise KeyFileError(f"{path} has a passphrase: `openssl rsa -in {path}` writes the key without it.") from None
    except ValueError:
        raise KeyFileError(f"{path} is no private key in PEM form; `evencell keygen` makes one.") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise KeyFileError(f"{path} is no RSA key; `evencell keygen` makes one.")
    _check(path, key.public_key())
    return PrivateKey(key)


def load_public(path: Path) -> PublicKey:
    """The public key in a PEM file, or of the private key in it; raises KeyFileError."""
    content = _content(path)
    if b"PRIVATE KEY" in content:
        return load(path).public
    try:
        key = serialization.load_pem_public_key(content)
    except ValueError:
        raise KeyFileError(f"{path} is no key in PEM form.") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise KeyFileError(f"{path} is no RSA key.")
    _check(path, key)
    return PublicKey(key.public_numbers())


def chosen(path: Path | None) -> PrivateKey | None:
    """The key in `path`, else the one of the default file; None where there is neither. Raises KeyFileError."""
    if path is None and not DEFAULT_FILE.exists():
        return None
    return load(path or DEFAULT_FILE)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}.") from None


def _check(path: Path, key: rsa.RSAPublicKey):
    if not MIN_BITS <= key.key_size <= MAX_BITS or key.public_numbers().e != EXPONENT:
        raise KeyFileError(
            f"{path}: devices accept RSA keys of {MIN_BITS} to {MAX_BITS} bits with the exponent {EXPONENT}."
        )
