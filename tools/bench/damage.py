"""Everything a bad line does to an answer, one kind a function: `kind(frame, random) -> bytes`."""

from random import Random

from evencell.protocol.framing import checksum
from evencell.protocol.jk_balancer import read_request


def flips(frame: bytes, random: Random) -> bytes:
    """One to eight bits turned over."""
    data = bytearray(frame)
    for _ in range(random.randint(1, 8)):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return bytes(data)


def drops(frame: bytes, random: Random) -> bytes:
    """One to four bytes lost."""
    data = bytearray(frame)
    for _ in range(random.randint(1, 4)):
        del data[random.randrange(len(data))]
    return bytes(data)


def inserts(frame: bytes, random: Random) -> bytes:
    """One to four bytes too many."""
    data = bytearray(frame)
    for _ in range(random.randint(1, 4)):
        data.insert(random.randrange(len(data) + 1), random.randrange(256))
    return bytes(data)


def burst(frame: bytes, random: Random) -> bytes:
    """A stretch of 2 to 20 bytes drowned in noise."""
    length = random.randint(2, 20)
    start = random.randrange(len(frame) - length + 1)
    return frame[:start] + random.randbytes(length) + frame[start + length :]


def truncation(frame: bytes, random: Random) -> bytes:
    """The end missing."""
    return frame[: random.randrange(len(frame))]


def echo(frame: bytes, random: Random) -> bytes:
    """Our own request before an answer with a flipped bit."""
    return bytes(read_request(1)) + flips(frame, random)


def garbage(_frame: bytes, random: Random) -> bytes:
    """Nothing but noise, as long as up to two answers."""
    return random.randbytes(random.randint(1, 148))


def sum_preserving(frame: bytes, random: Random) -> bytes:
    """What is added to one byte is taken from another: the checksum can't see it."""
    data = bytearray(frame)
    first, second = random.sample(range(2, len(data) - 1), 2)
    amount = random.randint(1, 255)
    data[first] = (data[first] + amount) & 0xFF
    data[second] = (data[second] - amount) & 0xFF
    return bytes(data)


def right_checksum(frame: bytes, random: Random) -> bytes:
    """A burst whose checksum fits by chance: one in 256, made certain here so that there are enough of them."""
    data = bytearray(burst(frame, random))
    data[-1] = checksum(data, 0, len(data) - 1)
    return bytes(data)


def swapped_words(frame: bytes, random: Random) -> bytes:
    """Two cells exchanged: no sum, average or range changes with it."""
    cells = [offset for offset in range(23, 71, 2) if frame[offset] or frame[offset + 1]]
    first, second = random.sample(cells, 2)
    data = bytearray(frame)
    data[first : first + 2], data[second : second + 2] = data[second : second + 2], data[first : first + 2]
    return bytes(data)


KINDS = (flips, drops, inserts, burst, truncation, echo, garbage, sum_preserving, right_checksum)
