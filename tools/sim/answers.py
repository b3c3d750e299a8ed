"""Answers to requests, encoded by the byte table of `evencell.protocol.jk_balancer`."""

import struct
import time
from collections.abc import Callable, Iterable

from evencell.protocol.framing import checksum
from evencell.protocol.jk_balancer import (
    ANSWER_BYTES,
    ANSWER_HEADER,
    CELLS_OFFSET,
    READ,
    S16,
    STATUS_TABLE,
    U8,
    U16,
    number,
)
from evencell.protocol.jk_settings import SETTINGS
from tools.sim.balancer import Balancer, Reading

_FORMATS = {U8: ">B", U16: ">H", S16: ">h"}
_SETTING_OF = {command: setting for setting, command in SETTINGS.items()}
_VALUE_OFFSET = 4


class SimulatedBalancer:
    """Answers for `balancer` at `address` on the bus. Its time passes `speed` times as fast as `clock` (seconds)."""

    def __init__(self, balancer: Balancer, address: int, speed: float = 1, clock: Callable[[], float] = time.monotonic):
        self.balancer = balancer
        self.address = address
        self._speed = speed
        self._clock = clock
        self._stepped_until_s = clock()

    def catch_up(self):
        """Advance the model by the time since the last call."""
        now_s = self._clock()
        self.balancer.step((now_s - self._stepped_until_s) * self._speed)
        self._stepped_until_s = now_s

    def answer(self, request: bytes) -> bytes | None:
        """The answer to a request with a right checksum, or None: another address, unknown command, or no supply."""
        if request[2] != self.address:
            return None
        self.catch_up()
        if not self.balancer.is_answering:
            return None
        command = request[3]
        if command == READ:
            return encode_status(self.address, self.balancer.reading())
        if command not in _SETTING_OF:
            return None
        active = self.balancer.write(_SETTING_OF[command], number(request, _VALUE_OFFSET, U16))
        return encode_written(self.address, command, active)


def encode_status(address: int, reading: Reading) -> bytes:
    """The answer to a read. Raises struct.error for a value out of its field's range."""
    fields = [(offset, _FORMATS[kind], getattr(reading, name) // unit) for name, offset, kind, unit in STATUS_TABLE]
    cells = [(CELLS_OFFSET + 2 * cell, ">H", voltage_mv) for cell, voltage_mv in enumerate(reading.cells_mv)]
    return _frame(address, READ, fields + cells)


def encode_written(address: int, command: int, active: int) -> bytes:
    """The answer to a write: the active value, and zeros."""
    return _frame(address, command, [(_VALUE_OFFSET, ">H", active)])


def _frame(address: int, command: int, values: Iterable[tuple[int, str, int]]) -> bytes:
    """A whole answer with these `values` (offset, struct format, number)."""
    frame = bytearray(ANSWER_BYTES)
    frame[:4] = *ANSWER_HEADER, address, command
    for offset, layout, value in values:
        struct.pack_into(layout, frame, offset, value)
    frame[-1] = checksum(frame, 0, ANSWER_BYTES - 1)
    return bytes(frame)
