"""An ESP32's way to a display on I2C. Imported only where there is one.

Unproven on a board: checked against MicroPython 1.29, ports/esp32/machine_i2c.c, and its stubs; run on the unix port
with a model of the display's chip.
"""

from machine import I2C, Pin

_HZ = 400_000
_ADDRESSES = (0x3C, 0x3D)


class I2CBus:
    """A mono display, at the one of its two addresses that answers. Raises OSError where none does."""

    def __init__(self, sda: int, scl: int):
        self._i2c = I2C(0, sda=Pin(sda), scl=Pin(scl), freq=_HZ)
        self._address = _ADDRESSES[0]

    def command(self, codes):
        """Control byte 00h: commands follow."""
        self._i2c.writevto(self._address, (b"\x00", codes))

    def data(self, buffer):
        """Control byte 40h: what follows is for the memory."""
        self._i2c.writevto(self._address, (b"\x40", buffer))

    def reset(self):
        """Such modules have no pin for it. Probes again at which address one answers; OSError if at none."""
        self._address = _ADDRESSES[0]
        try:
            self.command(b"")
        except OSError:
            self._address = _ADDRESSES[1]
            self.command(b"")

    def backlight(self, percent: int):
        """OLEDs have none."""
