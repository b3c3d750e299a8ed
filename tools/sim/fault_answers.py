"""Faults of the answers: changed readings or bytes, another address, no answer."""

from array import array
from collections.abc import Callable
from random import Random
from types import SimpleNamespace

from evencell.protocol.framing import checksum
from evencell.protocol.jk_balancer import ANSWER_BYTES, ANSWER_HEADER, CELL_SLOTS, READ, decode_status
from evencell.protocol.jk_balancer import request as request_of
from tools.sim.answers import SimulatedBalancer, encode_status
from tools.sim.balancer import Reading
from tools.sim.capture import Recording
from tools.sim.damage import burst, drops, flips, garbage, inserts, truncation
from tools.sim.fault_readings import FaultyReadings
from tools.sim.faults import Faults
from tools.sim.foreign_frames import FOREIGN_FRAMES

# Recorded by an owner who had swapped A and B (host_tests/captures, "a-b-swapped").
SWAPPED = b"\x55\x95\x01\xff\x01"

# Without the kinds that keep the checksum right, which noise rarely does.
DAMAGES: dict[str, tuple[Callable[[bytes, Random], bytes], ...]] = {
    "noise": (flips, drops, inserts, burst, truncation, garbage),
    "drop": (drops,),
    "burst": (burst,),
}
_MIN_BYTES = 20  # a burst may be as long
_OUT_OF_RANGE = 0xFFFF  # for every setting, so that the old value comes back


class FaultyDevice:
    """A device whose answers are changed by the active faults. `random` is for them alone."""

    def __init__(self, device: SimulatedBalancer | Recording, faults: Faults, random: Random):
        self._device = device
        self._faults = faults
        self._random = random
        self._readings = FaultyReadings(faults)
        self._own_address = device.address

    @property
    def address(self) -> int:
        """Its address, which a fault may change."""
        return int(self._faults.number("address")) if "address" in self._faults else self._own_address

    def catch_up(self):
        """Advance the model of the device."""
        self._device.catch_up()

    def answer(self, request: bytes) -> bytes | None:
        """The answer to a request, or None. Only a balancer that can decode a write takes it."""
        if self._is_silent() or self._happens("lost"):
            return None
        answer = self._foreign_answer() or self._own_answer(request)
        return answer and self._damaged(answer)

    def _is_silent(self) -> bool:
        if "silent" in self._faults:
            return True
        return "flap" in self._faults and self._faults.on_for_s("flap") // self._faults.number("flap") % 2 == 1

    def _foreign_answer(self) -> bytes | None:
        """The bytes from a line on which no balancer can decode a request."""
        if "swapped" in self._faults:
            return SWAPPED
        if "other_protocol" in self._faults:
            return FOREIGN_FRAMES[self._faults.word("other_protocol")]
        return None

    def _own_answer(self, request: bytes) -> bytes | None:
        """The device's answer, with changed measurements and refused writes."""
        self._device.address = self.address
        if request[3] != READ:
            if "ignore_writes" in self._faults:
                return None
            if "refuse_writes" in self._faults:
                request = bytes(request_of(request[2], request[3], _OUT_OF_RANGE))
        answer = self._device.answer(request)
        if answer and _is_status(answer):
            return encode_status(answer[2], self._readings.change(decoded(answer)))
        return answer

    def _damaged(self, answer: bytes) -> bytes:
        for name, kinds in DAMAGES.items():
            if self._happens(name):
                answer = damage(answer, self._random.choice(kinds), self._random)
        return answer

    def _happens(self, name: str) -> bool:
        return name in self._faults and self._random.random() < self._faults.number(name)


def damage(answer: bytes, kind: Callable[[bytes, Random], bytes], random: Random) -> bytes:
    """The answer with this damage; one that is too short for some kinds gets flipped bits."""
    if len(answer) < _MIN_BYTES:
        return flips(answer, random) if answer else answer
    return kind(answer, random)


def decoded(frame: bytes) -> Reading:
    """The reading in a whole answer to a read: `encode_status` backwards."""
    record = SimpleNamespace(cells_mv=array("H", [0] * CELL_SLOTS))
    decode_status(frame, 0, record)
    return Reading(**vars(record))


def _is_status(answer: bytes) -> bool:
    """Whether it is a valid answer to a read: a recording may contain anything."""
    return (
        len(answer) == ANSWER_BYTES
        and answer.startswith(ANSWER_HEADER)
        and answer[3] == READ
        and answer[-1] == checksum(answer, 0, ANSWER_BYTES - 1)
    )
