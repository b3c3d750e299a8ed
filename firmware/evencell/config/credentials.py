"""Kinds of configuration values that are keys and hashes: what each accepts. Lazy, of kinds.py."""

from binascii import a2b_base64

from evencell.config.kinds import are_digits, is_hexadecimal, is_name, is_text

CERTIFICATES = (".der", ".pem", ".crt", ".cer")  # endings of files with one


def _certificate(value, max_size: int) -> bool:
    """The name of a file in the root of the flash."""
    return isinstance(value, str) and value[-4:] in CERTIFICATES and is_name(value.replace(".", ""), max_size)


def _fingerprint(value) -> bool:
    """The SHA-256 of a certificate, as openssl and browsers write it."""
    if not is_text(value, 64, 95):
        return False
    return is_hexadecimal(value.replace(":", ""), 64)


def _password_hash(value) -> bool:
    """As forward/http/pbkdf2.py makes it."""
    parts = value.split("$") if is_text(value, 80, 160) else ()
    if len(parts) != 4 or parts[0] != "pbkdf2-sha256" or not are_digits(parts[1]) or len(parts[1]) > 7:
        return False
    return int(parts[1]) > 0 and is_hexadecimal(parts[2], 32) and is_hexadecimal(parts[3], 64)


def _bindkey(value) -> bool:
    return is_text(value, 32, 32) and is_hexadecimal(value, 32)


def _modulus(value) -> bool:
    """An RSA modulus of 2,048 to 4,096 bits in base64, the most significant byte first."""
    if not is_text(value, 344, 684) or not all(letter in "+/=" or is_name(letter, 1) for letter in value):
        return False
    try:
        modulus = a2b_base64(value.encode())
    except ValueError:
        return False
    return 256 <= len(modulus) <= 512 and modulus[0] >= (0x80 if len(modulus) == 256 else 1)


KINDS = {
    "certificate": _certificate,
    "fingerprint": _fingerprint,
    "password_hash": _password_hash,
    "modulus": _modulus,
    "bindkey": _bindkey,
}
