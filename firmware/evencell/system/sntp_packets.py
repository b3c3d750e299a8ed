"""SNTP's two packets (RFC 4330, version 4): the question, and what an answer must be to be believed."""

import struct

from evencell.compat import const

_PACKET_BYTES = const(48)
_CLIENT = const(0x23)  # version 4, mode 3
_SERVER = const(4)  # mode
_UNSYNCHRONISED = const(3)  # leap indicator
_HIGHEST_STRATUM = const(15)
_MOST_DISTANCE = const(3 << 15)  # 1.5 s in units of 2^-16 s: MAXDIST of RFC 5905
_UNIX_1900_S = const(2_208_988_800)
_PIVOT_S = const(3_944_678_400)  # 2025 in seconds since 1900: what looks earlier is of the era after February 2036
_ERA_S = const(1 << 32)


def request(cookie: bytes) -> bytes:
    """The question. Its transmit timestamp is `cookie`, 8 random bytes: nobody can answer who did not see them."""
    return bytes((_CLIENT,)) + bytes(39) + cookie


def echoes(answer: bytes, cookie: bytes) -> bool:
    """Whether this is an answer of a server to our question, good or bad: others are not looked at further."""
    return len(answer) >= _PACKET_BYTES and answer[0] & 7 == _SERVER and answer[24:32] == cookie


def kiss_of(answer: bytes) -> str | None:
    """The code of a kiss-o'-death, such as "RATE": the server wants to be left alone. None where it is none."""
    if answer[1]:
        return None
    return "".join([chr(letter) for letter in answer[12:16] if 65 <= letter <= 90])


def fault_of(answer: bytes) -> str | None:
    """Why the answer can't be believed, as a sentence's end; None where it can."""
    delay, dispersion = struct.unpack_from(">II", answer, 4)
    if answer[0] >> 6 == _UNSYNCHRONISED:
        return "does not know the time itself"
    if not 1 <= answer[1] <= _HIGHEST_STRATUM:
        return "says stratum %d" % answer[1]
    if delay // 2 + dispersion > _MOST_DISTANCE:
        return "is not sure of its time"
    if not any(answer[40:48]):
        return "sends no time"
    if _unix_ms(answer, 40) < _unix_ms(answer, 32):
        return "answers before it was asked"
    return None


def unix_ms_of(answer: bytes, round_trip_ms: int) -> int:
    """UNIX milliseconds at which the answer came, taking both ways for equally long."""
    sent_ms = _unix_ms(answer, 40)
    on_the_way_ms = round_trip_ms - (sent_ms - _unix_ms(answer, 32))
    return sent_ms + max(on_the_way_ms, 0) // 2


def _unix_ms(answer: bytes, offset: int) -> int:
    seconds, fraction = struct.unpack_from(">II", answer, offset)
    if seconds < _PIVOT_S:
        seconds += _ERA_S
    return (seconds - _UNIX_1900_S) * 1000 + (fraction * 1000 >> 32)
