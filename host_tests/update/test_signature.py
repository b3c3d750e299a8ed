"""One signature alone is right: forged ones, whatever a parser would make of them, are refused."""

from evencell.update.keys import is_signature
from host_tests.update.signed import DIGEST_INFO, MODULUS, SIZE, N, block, signature

MESSAGE = b"evencell 1.2.0\n"


def test_right_signature_is_taken():
    assert is_signature(MESSAGE, signature(block(MESSAGE)), MODULUS)
    assert not is_signature(MESSAGE + b" ", signature(block(MESSAGE)), MODULUS)


def padded(end: bytes, padding: bytes = b"") -> bytes:
    """A block that ends so, with other padding in front."""
    return padding + b"\x00" * (SIZE - len(padding) - len(end)) + end


def test_block_that_is_not_the_only_right_one_is_refused():
    right = block(MESSAGE)
    info = right[-32 - len(DIGEST_INFO) :]
    wrong = {
        # Bleichenbacher 2006: the hash right behind a short padding, then what makes it a power.
        "bytes behind the hash": b"\x00\x01" + b"\xff" * 8 + b"\x00" + info + b"\xaa" * (SIZE - 11 - len(info)),
        "no padding": padded(info, b"\x00\x01\x00"),
        "a short padding": b"\x00" * 8 + b"\x00\x01" + right[10:],
        "one byte of padding is another": right[:50] + b"\xfe" + right[51:],
        "padding of zeros": b"\x00\x01" + b"\x00" * (SIZE - 3 - len(info)) + b"\x00" + info,
        "the padding of encryption": b"\x00\x02" + right[2:],
        "no separator": b"\x00\x01" + b"\xff" * (SIZE - 2 - len(info)) + info,
        "parameters left out": block(MESSAGE, DIGEST_INFO[:1] + b"\x2f\x30\x0b" + DIGEST_INFO[4:15] + b"\x04\x20"),
        "garbage as parameters": b"\x00\x01\xff\x00" + DIGEST_INFO[:-4] + b"\x04\xc8" + b"\xaa" * 200 + info[-34:],
        "the name of SHA-1": block(MESSAGE, DIGEST_INFO[:-5] + b"\x00" + DIGEST_INFO[-4:]),
        "the hash alone": padded(info[-32:], b"\x00\x01" + b"\xff" * (SIZE - 35)),
        "another hash": right[:-1] + bytes((right[-1] ^ 1,)),
        "another message": block(b"evencell 9.9.9\n"),
    }
    for name in wrong:
        forged = (wrong[name] + b"\x00" * SIZE)[:SIZE]
        assert forged != right
        assert not is_signature(MESSAGE, signature(forged), MODULUS), name


def test_number_that_is_no_signature_is_refused():
    right = signature(block(MESSAGE))
    number = int.from_bytes(right, "big")
    numbers = {"zero": 0, "one": 1, "the modulus": N, "its predecessor": N - 1, "another": number ^ 1}
    for name in numbers:
        assert not is_signature(MESSAGE, numbers[name].to_bytes(SIZE, "big"), MODULUS), name
    lengths = {"nothing": b"", "short": right[1:], "long": b"\x00" + right, "longer": right + b"\x00"}
    for name in lengths:
        assert not is_signature(MESSAGE, lengths[name], MODULUS), name


def test_same_residue_is_another_signature():
    """A number beyond the modulus that has as many bytes."""
    message, more = b"", 1 << (8 * SIZE)
    while more >= 1 << (8 * SIZE):
        message += b"x"
        more = int.from_bytes(signature(block(message)), "big") + N
    assert is_signature(message, (more - N).to_bytes(SIZE, "big"), MODULUS)
    assert not is_signature(message, more.to_bytes(SIZE, "big"), MODULUS)
