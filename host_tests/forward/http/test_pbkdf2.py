"""PBKDF2-HMAC-SHA256 against published vectors, and in slices."""

import asyncio

from evencell.forward.http import pbkdf2
from evencell.forward.http.pbkdf2 import derive, hash_password, is_password

# Password, salt, iterations, first 32 bytes of the key: RFC 7914, 11, and draft-josefsson-scrypt-kdf-00.
VECTORS = (
    (b"passwd", b"salt", 1, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"),
    (b"Password", b"NaCl", 80000, "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"),
)
# Made with CPython's hashlib.pbkdf2_hmac: a password longer than a block of SHA-256.
LONG = (b"x" * 65, b"salt", 1000, "7a376e3c42d7a023046642e9868ba805fe08a73c53e2c489a4a06279d921a43e")


def hexadecimal(data: bytes) -> str:
    return "".join("%02x" % byte for byte in data)


def test_published_vectors():
    for password, salt, iterations, key in VECTORS:
        assert hexadecimal(asyncio.run(derive(password, salt, iterations))) == key


def test_a_password_longer_than_a_block_is_hashed_first():
    password, salt, iterations, key = LONG
    assert hexadecimal(asyncio.run(derive(password, salt, iterations))) == key


def test_a_hash_fits_its_password_alone_and_has_a_salt_of_its_own():
    async def scenario():
        first, second = await hash_password("pässword"), await hash_password("pässword")
        assert first != second
        assert await is_password("pässword", first)
        assert await is_password("pässword", second)
        assert not await is_password("passwort", first)
        assert not await is_password("", first)

    asyncio.run(scenario())


def test_other_tasks_run_every_10_ms():
    now_ms = [0]
    turns = []

    def ticks_ms():
        now_ms[0] += 1
        return now_ms[0]

    async def watch():
        while True:
            turns.append(now_ms[0])
            await asyncio.sleep(0)

    async def scenario():
        watching = asyncio.create_task(watch())
        await derive(b"password", b"salt", 200)
        watching.cancel()

    before = pbkdf2.ticks_ms
    pbkdf2.ticks_ms = ticks_ms
    try:
        asyncio.run(scenario())
    finally:
        pbkdf2.ticks_ms = before
    assert len(turns) > 15
    assert max([turns[i + 1] - turns[i] for i in range(len(turns) - 1)]) <= 10
