"""Queries a balancer from this computer, with the firmware's own link and protocol."""

from evencell.clock.clock import Clock
from evencell.link import foreign
from evencell.link.bus import Rs485Bus
from evencell.link.diagnosis import BAUD, ECHO, FOREIGN, NOISE, SILENT, UNKNOWN, VERDICTS, remedy_of
from evencell.link.poller import MAX_REQUESTS, Poll, make_poll
from evencell.pack.alarms import cells_of
from evencell.pack.pack import ONLINE, Pack
from evencell.pack.status import Status
from evencell.pack.temperature import TemperatureScale, can_only_be_tenths
from evencell.protocol.jk_balancer import decode_status

TIMEOUT_MS = 1000
_MAX_UNANSWERED = 3  # one lost answer is no fault


def make_cli_poll(bus: Rs485Bus, address: int, scale: str, interval_ms: int = 0, model: str = "jk_b2a4s") -> Poll:
    """A poll of the balancer that the command line names."""
    settings = {
        "name": "pack1",
        "model": model,
        "address": address,
        "interval_ms": interval_ms,
        "timeout_ms": TIMEOUT_MS,
    }
    return make_poll(settings, TemperatureScale(scale), bus)


async def read_once(bus: Rs485Bus, address: int, scale: str, clock: Clock) -> Pack:
    """A pack with one reading, or with none and a diagnosis. Takes less than 5 s in any case.

    Lost, damaged and implausible answers are requested again. If four contradict each other, the last one is returned:
    the user sees it and can judge.
    """
    poll = make_cli_poll(bus, address, scale)
    at = await query_until_accepted(bus, poll, clock)
    return unchecked_pack(bus.frame, at, scale, clock) if at >= 0 else poll.pack


async def query_until_accepted(bus: Rs485Bus, poll: Poll, clock: Clock) -> int:
    """Send up to four requests until a reading is accepted; three if none is answered.

    Returns the last answer's offset in the bus's frame, or -1 without one.
    """
    at = -1
    unanswered = 0
    for _ in range(MAX_REQUESTS):
        at = await bus.query(poll.request, TIMEOUT_MS)
        if at < 0:
            poll.diagnosis.record_failure(bus.received_bytes, bus.received, False)
            if poll.diagnosis.latest in (SILENT, ECHO):
                unanswered += 1
                if unanswered == _MAX_UNANSWERED:
                    break
            elif not bus.has_damaged_answer():
                break
        else:
            decode_status(bus.frame, at, poll.pack.candidate)
            if poll.pack.accept(clock):
                break
    return at


def unchecked_pack(frame, at: int, scale: str, clock: Clock) -> Pack:
    """A pack whose one reading is the status answer at `frame[at]`, without plausibility checks."""
    pack = Pack("pack1", "jk_b2a4s", TemperatureScale(scale))
    decode_status(frame, at, pack.candidate)
    if scale == "auto" and can_only_be_tenths(pack.candidate.temperature_raw):
        pack.scale = TemperatureScale("0.1")
    pack.accept_unchecked(clock)
    pack.link = ONLINE
    return pack


def alarm_text(status: Status, name: str) -> str:
    """The alarm of this name in words, with its cells."""
    cells = cells_of(status, name)
    of_cells = f", cell {', '.join(map(str, cells))}" if cells else ""
    return name.replace("_", " ") + of_cells


def no_voltage_text(status: Status, cell: int) -> str:
    """What a slot without a voltage is: a cell that the balancer counts all the same, or an empty one."""
    is_counted = cell + 1 in cells_of(status, "cell_voltage")
    return "reads 0 V, though the balancer counts it" if is_counted else "not connected"


def failure_text(pack) -> str:
    """The outcome of the last exchange and the remedy, in one line."""
    latest, protocol = pack.diagnosis.latest, pack.diagnosis.protocol
    if latest in (NOISE, BAUD):
        bus = pack.bus
        protocol, evidence = foreign.examine(bus.received, 0, bus.received_bytes)
        latest = FOREIGN if protocol else UNKNOWN if evidence > 255 else latest
    return f"{VERDICTS[latest]}. {remedy_of(latest, protocol)}"
