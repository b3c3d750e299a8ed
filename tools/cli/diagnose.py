"""`evencell diagnose`: names the fault of the line and its remedy. Only reads are sent."""

import asyncio
from collections import Counter

import click
from rich.console import Console
from rich.progress import track

from evencell.clock.clock import Clock
from evencell.compat import sleep_ms, ticks_diff, ticks_ms
from evencell.link import foreign
from evencell.link.bus import BAUD_RATE, Rs485Bus
from evencell.link.diagnosis import ADDRESS, ECHO, GOOD, LOST, SILENT, VERDICTS, remedy_of
from evencell.link.poller import Poll
from evencell.protocol.jk_balancer import ANSWER_HEADER, read_request
from tools.cli.capture import RecordingPort
from tools.cli.decode import frame_length
from tools.cli.options import address_option, port_option
from tools.cli.query import make_cli_poll, unchecked_pack
from tools.cli.serial_port import SerialPort, open_port

_MIN_REQUESTS = 6
_SECONDS = 10
_CERTAIN_SECONDS = 60
_MIN_BAD = 2  # one lost answer is no fault
_TIMEOUT_MS = 1000
_PROBE_TIMEOUT_MS = 300
_LISTEN_MS = 1000
_MIN_UNREQUESTED_BYTES = 3  # fewer are a glitch, such as of an adapter that was just opened
_ADDRESSES = range(16)
_ALARMS = "\nThe line is ok; the pack has alarms: `evencell read` shows them."
_BAUD_RATES = (115200, 57600, 38400, 19200, 4800, 2400)


@click.command()
@port_option
@address_option
@click.option("--quick", is_flag=True, help="Try no other addresses and baud rates.")
@click.option(
    "--seconds",
    type=click.IntRange(1, 86_400),
    default=_SECONDS,
    show_default=True,
    help="Observe a line that answers for so long.",
)
def diagnose(port, address, quick, seconds):
    """Name the fault of the line, and what to do. Only reads are sent."""
    with open_port(port) as serial_port:
        found, sentence = asyncio.run(examine(serial_port, address, quick, seconds))
    click.echo(sentence)
    if not found:
        raise click.exceptions.Exit(1)


async def examine(port: SerialPort, address: int, quick: bool, seconds: int) -> tuple[bool, str]:
    """Whether the line is ok, and the verdict in a sentence."""
    unrequested = await listen(port)
    recording = RecordingPort(port)
    bus = Rs485Bus(recording)
    with Console(stderr=True).status(f"observing the line for {seconds} s"):
        observation = await observe(bus, make_cli_poll(bus, address, "auto"), recording, seconds)
    if observation.verdict == GOOD:
        alarms = _ALARMS if observation.has_alarms else ""
        return True, observation.sentence + unrequested_note(unrequested) + alarms
    elsewhere = None if quick or bus.answers else await search(port, address)
    if elsewhere:
        return False, elsewhere
    return False, observation.sentence + unrequested_note(unrequested)


async def listen(port: SerialPort) -> bytes:
    """Bytes that come without a request, from another device: a balancer never sends any."""
    await sleep_ms(_LISTEN_MS)
    return port.read(port.in_waiting)


def unrequested_note(unrequested: bytes) -> str:
    """A sentence about bytes of another device; empty without any."""
    if len(unrequested) < _MIN_UNREQUESTED_BYTES:
        return ""
    protocol = foreign.identify(unrequested, 0, len(unrequested))
    if any(frame_length(unrequested, at) for at in range(len(unrequested))):
        protocol = "it polls a balancer, too"
    name = f": {protocol}" if protocol else ""
    return f" {len(unrequested)} bytes came without a request: another device uses this line{name}."


async def observe(bus: Rs485Bus, poll: Poll, recording: RecordingPort, seconds: int) -> "Observation":
    """Send requests for so long, or only a few if none is answered."""
    observation = Observation(bus, poll, recording)
    while len(observation.outcomes) < _MIN_REQUESTS or (bus.answers and observation.seconds < seconds):
        await observation.query()
    return observation


class Observation:
    """The outcomes of several requests, one after the other."""

    def __init__(self, bus: Rs485Bus, poll: Poll, recording: RecordingPort):
        self._bus = bus
        self._poll = poll
        self._recording = recording
        self._started = self._answered = ticks_ms()
        self._gap_ms = 0
        self._address = 0  # the other one that answered
        self.has_alarms = False  # in the last answer
        self.outcomes: list[int] = []

    @property
    def seconds(self) -> int:
        """How long the observation has lasted."""
        return ticks_diff(ticks_ms(), self._started) // 1000

    async def query(self):
        """Make one exchange, and record its outcome."""
        bus, diagnosis, received = self._bus, self._poll.diagnosis, self._recording.received
        received.clear()
        late_answers = bus.late_answers
        at = await bus.query(self._poll.request, _TIMEOUT_MS)
        if at >= 0:
            self.has_alarms = bool(unchecked_pack(bus.frame, at, "auto", Clock()).accepted.alarms)
            diagnosis.record_answer(bus.latency_ms)
            self._answered = ticks_ms()
        else:
            data = received[len(received) - bus.received_bytes :]
            diagnosis.record_failure(len(data), data, bus.late_answers > late_answers)
            self._gap_ms = max(self._gap_ms, ticks_diff(ticks_ms(), self._answered))
            if diagnosis.latest == ADDRESS:
                self._address = data[data.find(ANSWER_HEADER) + 2]
        self.outcomes.append(diagnosis.latest)

    @property
    def verdict(self) -> int:
        """The verdict on the last exchanges; if that is ok, the most frequent fault before."""
        last = self._poll.diagnosis.verdict
        if last != GOOD:
            return LOST if last in (SILENT, ECHO) and self._bus.answers else last
        bad = [LOST if outcome in (SILENT, ECHO) else outcome for outcome in self.outcomes if outcome != GOOD]
        return Counter(bad).most_common(1)[0][0] if len(bad) >= _MIN_BAD else GOOD

    @property
    def sentence(self) -> str:
        """The verdict, how sure it is, what was observed, and the remedy."""
        verdict, diagnosis, requests = self.verdict, self._poll.diagnosis, len(self.outcomes)
        answers = self._bus.answers
        observed = f"{answers} of {requests} requests were answered in {self.seconds} s"
        if verdict == GOOD:
            sure = "certain" if answers == requests and self.seconds >= _CERTAIN_SECONDS else "likely"
            return (
                f"ok ({sure}): {observed}, {self._bus.latency_ms} ms after the request. "
                "A fault that shows less often was not seen: --seconds observes for longer."
            )
        if verdict == LOST:
            gap = f"the longest time without an answer was {self._gap_ms / 1000:.1f} s"
            share = round(100 * (requests - answers) / requests)
            return f"lost answers (certain), {share} %: {observed}, {gap}. {remedy_of(LOST)}"
        sure = diagnosis.sure if verdict == diagnosis.verdict else "likely"
        notes = [remedy_of(verdict, diagnosis.protocol)]
        if verdict == ADDRESS:
            notes.append(f"The answers come from address {self._address}.")
        if answers:
            notes.append(f"{observed}.")
        return f"{VERDICTS[verdict]} ({sure}): {' '.join(notes)}"


async def search(port: SerialPort, address: int) -> str | None:
    """Search other addresses and baud rates for a balancer; a sentence, or None."""
    probes = [(BAUD_RATE, other) for other in _ADDRESSES if other != address]
    probes += [(rate, address) for rate in _BAUD_RATES]
    for rate, other in track(
        probes, "trying other addresses and baud rates", console=Console(stderr=True), transient=True
    ):
        port.baudrate = rate
        if await Rs485Bus(port).query(read_request(other), _PROBE_TIMEOUT_MS) >= 0:
            return elsewhere_sentence(rate, other)
    port.baudrate = BAUD_RATE
    return None


def elsewhere_sentence(rate: int, address: int) -> str:
    """Where the balancer answers, and what to do."""
    if rate == BAUD_RATE:
        return f"wrong address (certain): a balancer answers at address {address}. Set that in the configuration."
    return (
        f"wrong baud (certain): an answer came at {rate} baud. This is no balancer as known, or a converter is set so."
    )
