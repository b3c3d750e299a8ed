"""An ESP32's way to a display: I2C, or SPI. Imported only where a display is wanted.

A bus takes `command(codes)`, `data(buffer)`, `reset()` (up to 10 ms) and `backlight(percent)`. I2C raises OSError where
nobody answers. SPI can't notice that: what is sent to a display that isn't there is lost.

Unproven on a board: checked against MicroPython 1.29, ports/esp32/machine_i2c.c, machine_hw_spi.c and machine_pwm.c,
and its stubs; run on the unix port with the pins of a simulated chip.
"""

import time

from machine import I2C, PWM, SPI, Pin

_I2C_HZ = 400_000
_I2C_ADDRESSES = (0x3C, 0x3D)
_BACKLIGHT_HZ = 1000


class I2CBus:
    """A mono display on I2C, at the one of its two addresses that answers."""

    def __init__(self, sda: int, scl: int):
        self._i2c = I2C(0, sda=Pin(sda), scl=Pin(scl), freq=_I2C_HZ)
        self._address = _I2C_ADDRESSES[0]

    def command(self, codes):
        """Control byte 00h: commands follow."""
        self._i2c.writevto(self._address, (b"\x00", codes))

    def data(self, buffer):
        """Control byte 40h: what follows is for the memory."""
        self._i2c.writevto(self._address, (b"\x40", buffer))

    def reset(self):
        """Such modules have no pin for it. Looks again which address answers; if none does, the next command fails."""
        for address in _I2C_ADDRESSES:
            try:
                self._i2c.writeto(address, b"\x00")
            except OSError:
                continue
            self._address = address
            break

    def backlight(self, percent: int):
        """OLEDs have none."""


class SPIBus:
    """A display on SPI; `cs`, `rst` and `backlight` are pins that it may lack."""

    def __init__(self, frequency_hz: int, pins: dict):
        self._spi = SPI(1, baudrate=frequency_hz, sck=Pin(pins["sck"]), mosi=Pin(pins["mosi"]), miso=None)
        self._dc = Pin(pins["dc"], Pin.OUT, value=0)
        self._cs = _output(pins.get("cs"))
        self._rst = _output(pins.get("rst"))
        self._backlight = PWM(Pin(pins["backlight"]), freq=_BACKLIGHT_HZ, duty_u16=0) if "backlight" in pins else None

    def command(self, codes):
        """With D/C low."""
        self._send(0, codes)

    def data(self, buffer):
        """With D/C high."""
        self._send(1, buffer)

    def _send(self, level: int, buffer):
        self._dc.value(level)
        if self._cs:
            self._cs.value(0)
        self._spi.write(buffer)
        if self._cs:
            self._cs.value(1)

    def reset(self):
        """Low for more than the 10 µs that the data sheets ask for, then the 5 ms until the chip listens."""
        if self._rst:
            self._rst.value(0)
            time.sleep_us(20)
            self._rst.value(1)
            time.sleep_ms(6)

    def backlight(self, percent: int):
        """0 to 100."""
        if self._backlight:
            self._backlight.duty_u16(percent * 65535 // 100)


def _output(pin: int | None):
    return None if pin is None else Pin(pin, Pin.OUT, value=1)
