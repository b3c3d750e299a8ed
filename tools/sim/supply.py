"""The balancer's supply: what it draws from the pack, and its pin W.

The manual names 40 mA idle and 55 mA working. Assumed, since it is not published: how long it takes to answer after it
is switched on, and what it draws with W low (0 unless set).
"""

import errno
import os
from contextlib import suppress

IDLE_MA = 40.0
WORKING_MA = 55.0
START_S = 1.5

_READ_BYTES = 64


class WLine:
    """Pin W as a named pipe: the firmware opens it and writes `1` (on) or `0` (off).

    While no process has it open, the pin floats and the switch's resistor decides: `resistor_on`. So a firmware that
    is killed leaves the resistor's state at once, as on the wire.
    """

    def __init__(self, path: str, resistor_on: bool):
        self._resistor_on = resistor_on
        self._level = resistor_on
        self._path = path
        with suppress(FileExistsError):
            os.mkfifo(path)
        self._fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def is_on(self) -> bool:
        """The level now: of what was written before the pipe was closed nothing counts any more."""
        while True:
            try:
                data = os.read(self._fd, _READ_BYTES)
            except OSError as error:
                if error.errno != errno.EAGAIN:
                    raise
                return self._level  # driven, and nothing new
            if not data:
                self._level = self._resistor_on
                return self._level
            levels = [byte for byte in data if byte in b"01"]
            if levels:
                self._level = levels[-1] == ord("1")

    def close(self):
        """Close and remove the pipe."""
        os.close(self._fd)
        with suppress(FileNotFoundError):
            os.unlink(self._path)


class Supply:
    """What the balancer draws from every cell of the pack, in mA. `w`: its pin, None where it is always on."""

    def __init__(self, w: WLine | None = None, off_ma: float = 0.0):
        self._w = w
        self._off_ma = off_ma

    def is_on(self) -> bool:
        """Whether the balancer has its supply now."""
        return self._w is None or self._w.is_on()

    def current_ma(self, is_on: bool, is_working: bool) -> float:
        """The current in a state."""
        if not is_on:
            return self._off_ma
        return WORKING_MA if is_working else IDLE_MA
