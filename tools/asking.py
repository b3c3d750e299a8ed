"""Asking a balancer from this computer, with the firmware's own link and protocol."""

from evencell.link.diagnosis import VERDICTS, remedy_of
from evencell.link.exchange import Line
from evencell.link.poller import MOST_ASKS, Poll, make_poll
from evencell.pack.pack import ONLINE, Pack
from evencell.pack.temperature import TemperatureScale, can_only_be_tenths
from evencell.protocol.jk_balancer import decode_status
from evencell.system.clock import Clock

TIMEOUT_MS = 1000


def poll_of(line: Line, address: int, scale: str, interval_ms: int = 0, model: str = "jk_b2a4s") -> Poll:
    """A balancer as the command line names it."""
    settings = {
        "name": "pack1",
        "model": model,
        "address": address,
        "interval_ms": interval_ms,
        "timeout_ms": TIMEOUT_MS,
    }
    return make_poll(settings, TemperatureScale(scale), line)


async def ask_once(line: Line, address: int, scale: str, clock: Clock) -> Pack:
    """A pack with one reading, or with none and a diagnosis. Takes less than 3 s whatever the line does.

    Damaged and doubtful answers are asked again; where four contradict each other the last counts, for there is
    somebody looking at it.
    """
    poll = poll_of(line, address, scale)
    at = await ask_until_believed(line, poll, clock)
    return reading(line.frame, at, scale, clock) if at >= 0 else poll.pack


async def ask_until_believed(line: Line, poll: Poll, clock: Clock) -> int:
    """Ask until the pack has a reading that was believed, but four times at most.

    Returns the last answer's offset in the line's frame, or -1 if there was none.
    """
    at = -1
    for _ in range(MOST_ASKS):
        at = await line.ask(poll.request, TIMEOUT_MS)
        if at < 0:
            poll.diagnosis.failed(line.heard_bytes, line.head, False)
            if not line.was_damaged():
                break
        else:
            decode_status(line.frame, at, poll.pack.candidate)
            if poll.pack.consider(clock):
                break
    return at


def reading(frame, at: int, scale: str, clock: Clock) -> Pack:
    """The status answer at `frame[at]`, judged by itself alone, as the one reading of a pack."""
    pack = Pack("pack1", "jk_b2a4s", TemperatureScale(scale))
    decode_status(frame, at, pack.candidate)
    if scale == "auto" and can_only_be_tenths(pack.candidate.temperature_raw):
        pack.scale = TemperatureScale("0.1")
    pack.believe(clock)
    pack.link = ONLINE
    return pack


def what_is_wrong(pack) -> str:
    """What the last exchange came to, and the remedy, in one line."""
    latest = pack.diagnosis.latest
    return f"{VERDICTS[latest]}. {remedy_of(latest)}"
