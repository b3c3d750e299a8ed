"""An RSA key of tests alone, and images signed with it: also with blocks that no signer makes, and on MicroPython."""

import json
from binascii import hexlify
from hashlib import sha256

# Eight primes of 256 bits, where a key of use has two of 1,024: signing is 60 times as fast, and verifying the same.
PRIMES = (
    0xFFDCBFD3255AAE45E086637D9BBB7FAE790FE060B8BB0C12C0F05A83D3CA144D,
    0xEE11DAEF15D0BBF40998E6060D75590E48F35AE2A727B38E23E478B69BAA3337,
    0xF257E8239126508E384F57FE4B315D3E0E89246A81FD3CFA434DB18630EDD18B,
    0xE5F845E2E4A857D704E047D739CA1657339F275838DFF9FC2C5E7B79876D33FB,
    0xF8F2F28F677791E61BF9C4F1DD87687C205D3458433DAD4B63CBE4C04E715869,
    0xF9C956244C6D0E6E92BA9ED26F990F804ED45AB8C441810291C450FD1A29089B,
    0xE6989B1EFDB53418534552695AACD26BA4D235DED2A5B84EB04E57225F7D8423,
    0xFA8099DA4803DAF379F6D14DDA080DEB25E8DB1656622D543F05A28F72C0FB81,
)
EXPONENT = 65537
SIZE = 256
DIGEST_INFO = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"
N = 1
for prime in PRIMES:
    N *= prime
MODULUS = N.to_bytes(SIZE, "big")
KEY_ID = hexlify(sha256(MODULUS).digest()).decode()[:16]


def block(message: bytes, info: bytes = DIGEST_INFO) -> bytes:
    """What PKCS #1 v1.5 signs for a message."""
    end = b"\x00" + info + sha256(message).digest()
    return b"\x00\x01" + b"\xff" * (SIZE - 2 - len(end)) + end


def signature(signed_block: bytes) -> bytes:
    """Of a block that may be any: its root modulo each prime, and the one number that has all of these remainders."""
    number, found = int.from_bytes(signed_block, "big"), 0
    for prime, private, unit in PARTS:
        found += pow(number % prime, private, prime) * unit
    return (found % N).to_bytes(SIZE, "big")


def _part(prime: int) -> tuple:
    """A prime, the private exponent for it, and the number that is 1 modulo it and 0 modulo the others."""
    rest, unit = prime - 1, N // prime
    private = (1 + rest * pow(EXPONENT - rest % EXPONENT, EXPONENT - 2, EXPONENT)) // EXPONENT  # 1 / EXPONENT mod rest
    return prime, private, unit * pow(unit % prime, prime - 2, prime)


def header(**about) -> bytes:
    """The first line of an image of files for the computer; None takes a key away."""
    usual = {
        "evencell": 1, "kind": "files", "board": "host", "chip": "host", "version": "1.2.0", "mpy": 6,
        "manifest": 100, "size": 1000, "sha256": "0" * 64,
    }  # fmt: skip
    usual.update(about)
    return json.dumps({key: value for key, value in usual.items() if value is not None}).encode() + b"\n"


def seal(line: bytes, **other) -> bytes:
    """The second line of an image."""
    usual = {"key": KEY_ID, "signature": hexlify(signature(block(line))).decode()}
    usual.update(other)
    return json.dumps(usual).encode()


PARTS = [_part(prime) for prime in PRIMES]
