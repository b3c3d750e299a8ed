"""Asking a balancer from this computer, with the firmware's own link and protocol."""

import time

from evencell.link.exchange import Line
from evencell.pack.pack import ONLINE, Pack
from evencell.pack.temperature import TemperatureScale, can_only_be_tenths
from evencell.protocol.jk_balancer import decode_status, read_request
from evencell.system.clock import Clock

TIMEOUT_MS = 1000
_AGAIN_TIMEOUT_MS = 500  # an answer takes about 110
_ASK_AGAIN_WITHIN_S = 1.5


async def ask_once(line: Line, address: int, scale: str, clock: Clock) -> Pack | None:
    """One reading, or None. Asks again where something came, but no whole answer: all of it takes less than 3 s."""
    started = time.monotonic()
    request = read_request(address)
    at = await line.ask(request, TIMEOUT_MS)
    if at < 0 and line.rubbish_bytes and time.monotonic() - started < _ASK_AGAIN_WITHIN_S:
        at = await line.ask(request, _AGAIN_TIMEOUT_MS)
    if at < 0:
        return None
    return reading(line.frame, at, scale, clock)


def reading(frame, at: int, scale: str, clock: Clock) -> Pack:
    """The status answer at `frame[at]`, judged by itself alone, as the one reading of a pack."""
    pack = Pack("pack1", "jk_b2a4s", TemperatureScale(scale))
    decode_status(frame, at, pack.candidate)
    if scale == "auto" and can_only_be_tenths(pack.candidate.temperature_raw):
        pack.scale = TemperatureScale("0.1")
    pack.accept(clock)
    pack.link = ONLINE
    return pack


def what_was_heard(line: Line) -> str:
    """Why there is no reading, in one sentence with a remedy."""
    if line.bad_checksums:
        return "The answers are damaged. Check the ground connection, shorten the cable, keep it away from motor leads."
    if line.foreign_frames or line.late_answers:
        return "Only answers to other questions came. Does another device talk on this line, or is the address wrong?"
    if line.rubbish_bytes:
        return (
            f"{line.rubbish_bytes} bytes came, but no answer among them. Swap A and B (many first wirings need it); "
            "it must be RS485, not TTL, at 9600 baud."
        )
    return "No answer. Check the balancer's supply, and A and B: swapped or loose they look just like this."
