"""`evencell diagnose`: listens and probes with reads alone, names what is wrong with the line and what to do."""

import asyncio

import click
from rich.console import Console
from rich.progress import track

from evencell.link.exchange import BAUD_RATE, Line
from evencell.link.poller import Poll
from evencell.protocol.jk_balancer import read_request
from tools.asking import poll_of
from tools.options import address_option, port_option
from tools.serial_port import SerialPort, open_port

_ASKS = 6
_TIMEOUT_MS = 1000
_PROBE_TIMEOUT_MS = 300
_LISTEN_S = 1.0
_ADDRESSES = range(16)
_BAUD_RATES = (115200, 57600, 38400, 19200, 4800, 2400)


@click.command()
@port_option
@address_option
@click.option("--quick", is_flag=True, help="Try no other addresses and baud rates.")
def diagnose(port, address, quick):
    """Listen and probe (it only reads); say what is wrong with the line and what to do."""
    with open_port(port) as serial_port:
        found, sentence = asyncio.run(examine(serial_port, address, quick))
    click.echo(sentence)
    if not found:
        raise click.exceptions.Exit(1)


async def examine(port: SerialPort, address: int, quick: bool) -> tuple[bool, str]:
    """Whether a balancer answers as it should, and the verdict in a sentence."""
    unasked_bytes = await listen(port)
    line = Line(port)
    poll = poll_of(line, address, "auto")
    for _ in range(_ASKS):
        await ask(line, poll)
    diagnosis = poll.diagnosis
    if diagnosis.name == "ok":
        return True, f"ok ({diagnosis.sure}): the balancer answers {line.latency_ms} ms after the question."
    elsewhere = None if quick or line.answers else await search(port, address)
    if elsewhere:
        return False, elsewhere
    note = f" {unasked_bytes} bytes came unasked: somebody else speaks here." if unasked_bytes else ""
    return False, f"{diagnosis.name} ({diagnosis.sure}): {diagnosis.remedy}{note}"


async def listen(port: SerialPort) -> int:
    """How many bytes come while nobody asks: a balancer never speaks first."""
    await asyncio.sleep(_LISTEN_S)
    count = port.in_waiting
    port.reset_input_buffer()
    return count


async def ask(line: Line, poll: Poll):
    """One exchange, and what it came to."""
    late_answers = line.late_answers
    if await line.ask(poll.request, _TIMEOUT_MS) >= 0:
        poll.diagnosis.answered(line.latency_ms)
    else:
        poll.diagnosis.failed(line.heard_bytes, line.head, line.late_answers > late_answers)


async def search(port: SerialPort, address: int) -> str | None:
    """A balancer at another address or baud rate, in a sentence."""
    probes = [(BAUD_RATE, other) for other in _ADDRESSES if other != address]
    probes += [(rate, address) for rate in _BAUD_RATES]
    for rate, other in track(probes, "looking for it elsewhere", console=Console(stderr=True), transient=True):
        port.baudrate = rate
        if await Line(port).ask(read_request(other), _PROBE_TIMEOUT_MS) >= 0:
            return elsewhere_sentence(rate, other)
    port.baudrate = BAUD_RATE
    return None


def elsewhere_sentence(rate: int, address: int) -> str:
    """What was found, and what to do about it."""
    if rate == BAUD_RATE:
        return f"wrong address (certain): a balancer answers at address {address}. Set that in the configuration."
    return (
        f"wrong baud (certain): an answer came at {rate} baud. This is no balancer as known, or a converter is set so."
    )
