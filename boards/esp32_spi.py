"""An ESP32's way to a display on SPI. Imported only where there is one.

SPI has no acknowledgement: data to a missing display is lost without an error.

Unproven on a board: checked against MicroPython 1.29, ports/esp32/machine_hw_spi.c and machine_pwm.c, and its stubs;
run on the unix port with a model of the display's chip.
"""

import time

from machine import PWM, SPI, Pin

_BACKLIGHT_HZ = 1000


class SPIBus:
    """A display on SPI; `cs`, `rst` and `backlight` are pins that it may lack."""

    def __init__(self, frequency_hz: int, pins: dict):
        idle = 0 if "cs" in pins else 1  # SPI mode 0, or 3: without CS the clock must rest high between the bytes
        sck, mosi = Pin(pins["sck"]), Pin(pins["mosi"])
        self._spi = SPI(1, baudrate=frequency_hz, polarity=idle, phase=idle, sck=sck, mosi=mosi, miso=None)
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
