"""Makes capabilities of an ESP32 board's data: the one place where `machine` is imported."""

import time

import machine
from machine import UART, Pin

_BAUD = 9600
_BUFFER_BYTES = 512


class Board:
    """Capabilities of the board that `data` describes (see any of the board files)."""

    storage = ""
    config_path = "config.json"
    overrides = {}

    def __init__(self, data: dict):
        self._data = data
        self._ports = {}
        self.name = data["name"]
        for pin in data.get("high_at_start", ()):
            Pin(pin, Pin.OUT, value=1)

    def port(self, uart: int | None):
        """The UART of this number, or the board's usual one; ValueError, with a sentence, where it has none such.

        Asked twice for one UART it gives the same port.
        """
        uarts = self._data["uarts"]
        number = uart if uart is not None else next(iter(uarts))
        if number not in uarts:
            raise ValueError("%s has no RS485 at UART %d, but at %s" % (self.name, number, sorted(uarts)))
        if number not in self._ports:
            self._ports[number] = Port(number, **uarts[number])
        return self._ports[number]

    def display(self):
        """No display driver exists for this board yet."""
        return

    def unique_id(self) -> str:
        """Twelve hexadecimal digits, burnt into the chip."""
        return machine.unique_id().hex()


class Port:
    """A UART behind an RS485 transceiver; `de` is its direction pin, None where the transceiver turns by itself."""

    def __init__(self, number: int, tx: int, rx: int, de: int | None = None):
        self._uart = UART(number, _BAUD, tx=tx, rx=rx, timeout=0, rxbuf=_BUFFER_BYTES)
        self._de = Pin(de, Pin.OUT, value=0) if de is not None else None
        self.direction = None if de is None else self._turn

    def write(self, data):
        """Hand the bytes to the UART; it sends them by itself."""
        self._uart.write(data)

    def txdone(self) -> bool:
        """Whether the last stop bit is out."""
        return self._uart.txdone()

    def readinto(self, buffer) -> int:
        """Number of bytes put into `buffer`, 0 if there are none; never blocks."""
        return self._uart.readinto(buffer) or 0 if self._uart.any() else 0

    def _turn(self, sending: bool):
        if self._de is not None:
            self._de.value(sending)
        if sending:
            time.sleep_us(50)  # one half bit: drivers need some 10 µs to enable
