"""Damage of an answer by a bad line, a function for each kind: `kind(frame, random) -> bytes`."""

from random import Random

from evencell.protocol.framing import checksum
from evencell.protocol.jk_balancer import read_request


def flips(frame: bytes, random: Random) -> bytes:
    """Flip one to eight bits."""
    data = bytearray(frame)
    for _ in range(random.randint(1, 8)):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return bytes(data)


def drops(frame: bytes, random: Random) -> bytes:
    """Lose one to four bytes."""
    data = bytearray(frame)
    for _ in range(random.randint(1, 4)):
        del data[random.randrange(len(data))]
    return bytes(data)


def inserts(frame: bytes, random: Random) -> bytes:
    """Insert one to four bytes."""
    data = bytearray(frame)
    for _ in range(random.randint(1, 4)):
        data.insert(random.randrange(len(data) + 1), random.randrange(256))
    return bytes(data)


def burst(frame: bytes, random: Random) -> bytes:
    """Replace 2 to 20 consecutive bytes by noise."""
    length = random.randint(2, 20)
    start = random.randrange(len(frame) - length + 1)
    return frame[:start] + random.randbytes(length) + frame[start + length :]


def truncation(frame: bytes, random: Random) -> bytes:
    """Cut the end off."""
    return frame[: random.randrange(len(frame))]


def echo(frame: bytes, random: Random) -> bytes:
    """Put the echo of the request before an answer with flipped bits."""
    return bytes(read_request(1)) + flips(frame, random)


def garbage(_frame: bytes, random: Random) -> bytes:
    """Replace all by noise, as long as up to two answers."""
    return random.randbytes(random.randint(1, 148))


def sum_preserving(frame: bytes, random: Random) -> bytes:
    """Add to one byte what is subtracted from another: the checksum stays right."""
    data = bytearray(frame)
    first, second = random.sample(range(2, len(data) - 1), 2)
    amount = random.randint(1, 255)
    data[first] = (data[first] + amount) & 0xFF
    data[second] = (data[second] - amount) & 0xFF
    return bytes(data)


def right_checksum(frame: bytes, random: Random) -> bytes:
    """A burst with a right checksum, which is one in 256 by chance."""
    data = bytearray(burst(frame, random))
    data[-1] = checksum(data, 0, len(data) - 1)
    return bytes(data)


def swapped_words(frame: bytes, random: Random) -> bytes:
    """Exchange two cells: sum, average and ranges stay the same."""
    cells = [offset for offset in range(23, 71, 2) if frame[offset] or frame[offset + 1]]
    first, second = random.sample(cells, 2)
    data = bytearray(frame)
    data[first : first + 2], data[second : second + 2] = data[second : second + 2], data[first : first + 2]
    return bytes(data)


KINDS = (flips, drops, inserts, burst, truncation, echo, garbage, sum_preserving, right_checksum)
