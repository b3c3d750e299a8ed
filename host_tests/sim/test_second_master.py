"""A second master polls the same bus: its answers fill the port's buffer between our requests."""

import asyncio
import os
import pty
import tty

from evencell.clock.clock import Clock
from evencell.hub import Hub
from evencell.link.bus import Rs485Bus
from evencell.link.poller import Poller
from evencell.protocol.framing import checksum
from evencell.protocol.jk_balancer import ANSWER_BYTES, REQUEST_BYTES
from host_tests.portable import frame_of
from tools.cli.query import make_cli_poll
from tools.cli.serial_port import open_port
from tools.cli.watch import SilentLog

INTERVAL_S = 15
TERMINAL_BYTES = 4095  # that Linux keeps for one that does not read


def answer_at(second: int) -> bytes:
    """What the balancer answers at this second: all its cells fall by 1 mV a second."""
    frame = bytearray(frame_of("4s-idle"))
    for offset, value, slope in [(4, 1325, 0), (6, 3312, 1), *((23 + 2 * cell, 3313, 1) for cell in range(4))]:
        frame[offset : offset + 2] = (value - slope * second).to_bytes(2)
    frame[4:6] = (4 * (3313 - second) // 10).to_bytes(2)
    frame[-1] = checksum(frame, 0, ANSWER_BYTES - 1)
    return bytes(frame)


class Bus:
    """A pty whose far end answers each of our requests with the answer of now, and keeps what others get."""

    def __init__(self):
        self._far, self._near = pty.openpty()
        tty.setraw(self._near)
        os.set_blocking(self._far, False)
        self.path = os.ttyname(self._near)
        self.second = 0
        self._heard = b""

    def __enter__(self) -> "Bus":
        return self

    def __exit__(self, *_):
        os.close(self._far)
        os.close(self._near)

    def listen(self):
        asyncio.get_running_loop().add_reader(self._far, self._hear)

    def _hear(self):
        self._heard += os.read(self._far, 256)
        while len(self._heard) >= REQUEST_BYTES:
            self._heard = self._heard[REQUEST_BYTES:]
            os.write(self._far, answer_at(self.second))

    def pass_time(self, seconds: int, polls_per_second: int) -> int:
        """Time in which nothing reads our end, and the other master polls. How many bytes that brought."""
        for _ in range(seconds):
            self.second += 1
            self.overhear(answer_at(self.second) * polls_per_second)
        return seconds * polls_per_second * ANSWER_BYTES

    def overhear(self, answers: bytes) -> bool:
        """Put bytes into our end's buffer; False if it is full: then the rest is lost."""
        try:
            return os.write(self._far, answers) == len(answers)
        except BlockingIOError:
            return False

    def fill(self):
        """As much of what was once answered as the computer keeps."""
        while self.overhear(answer_at(self.second)):
            pass


async def readings_of(bus: Bus, before_each) -> list[int]:
    """How many seconds old each of four polls' readings is, by its voltages.

    `before_each` is called before each, and says how many bytes our end has then.
    """
    with open_port(bus.path) as port:
        line = Rs485Bus(port)
        poll = make_cli_poll(line, 1, "0.1", 1000 * INTERVAL_S)
        poller = Poller(line, [poll], Hub([poll.pack], Clock()), SilentLog())
        bus.listen()
        ages_s = []
        for _ in range(4):
            waiting_bytes = before_each()
            while port.in_waiting < waiting_bytes:  # the kernel is not through yet
                await asyncio.sleep(0)
            await poller.poll(poll)
            ages_s.append(bus.second - (3313 - poll.pack.accepted.cells_mv[0]))
        return ages_s


def test_answer_to_a_second_master_is_never_a_fresh_reading():
    """It polls three times a second and we every 15 s: 45 answers, 3.3 KB, between two of our requests."""
    with Bus() as bus:
        assert asyncio.run(readings_of(bus, lambda: bus.pass_time(INTERVAL_S, 3))) == [0] * 4


def test_input_kept_by_the_kernel_is_discarded_before_a_request():
    """Linux keeps 4 KB in the terminal's buffer, and more behind it."""

    def be_away() -> int:
        bus.fill()
        bus.second += INTERVAL_S
        return TERMINAL_BYTES

    with Bus() as bus:
        assert asyncio.run(readings_of(bus, be_away)) == [0] * 4
