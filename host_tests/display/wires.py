"""Stands in for `machine` where boards/esp32_i2c.py and esp32_spi.py run on the unix port, with a chip at its pins.

Counts bytes, and the time they take at the bus's speed. A display may be unplugged after so many bytes: I2C notices,
and so does this SPI, unlike a real one.
"""

import sys


class Bench:
    """The chip at the pins, and what is measured. One at a time: `Bench.now`."""

    now = None

    def __init__(self, chip, address: int = 0x3C, dc: int = 16, cs: int | None = 5, rst: int = 23):
        self.chip = chip
        self.address = address
        self.dc, self.cs, self.rst = dc, cs, rst
        self.levels = {cs: 1}
        self.duties = {}
        self.plugged = True
        self.bytes_left = None  # until it is unplugged
        self.bytes = 0
        self.now_ms = 1000
        self.piece_us = 0
        self.longest_us = 0
        self.total_us = 0
        Bench.now = self

    def unplug_after(self, count: int):
        """It loses its supply in the middle of the byte after these."""
        self.bytes_left = count

    def plug_in(self):
        """Again, with noise in its memory."""
        self.chip.power_up()
        self.plugged = True
        self.bytes_left = None

    def send(self, buffer, is_data: bool, byte_us: float):
        """Bytes to the chip; OSError from where it is unplugged."""
        if not self.plugged:
            raise OSError(19)
        whole = self.bytes_left is None or len(buffer) <= self.bytes_left
        arrived = buffer if whole else buffer[: self.bytes_left]
        self.count(len(arrived), byte_us)
        if is_data:
            self.chip.write(arrived, self.now_ms)
        else:
            for code in arrived:
                self.chip.command(code, self.now_ms)
        if self.bytes_left is not None:
            self.bytes_left -= len(arrived)
        if not whole:
            self.plugged = False
            raise OSError(19)

    def count(self, count: int, byte_us: float):
        """So many bytes went out."""
        self.bytes += count
        self.piece_us += count * byte_us
        self.total_us += count * byte_us
        self.longest_us = max(self.longest_us, self.piece_us)

    async def sleep_ms(self, milliseconds: int):
        """In place of the drivers': others run, and time goes by."""
        self.piece_us = 0
        self.now_ms += milliseconds

    def ticks_ms(self) -> int:
        return self.now_ms


class Pin:
    OUT = 3

    def __init__(self, number: int, _mode: int = 0, value: int = 0):
        self.number = number
        self.value(value)

    def value(self, level: int):
        Bench.now.levels[self.number] = level
        if self.number == Bench.now.rst and not level and Bench.now.plugged:
            Bench.now.chip.reset()


class I2C:
    made = 0

    def __init__(self, _number: int, sda: Pin, scl: Pin, freq: int):
        I2C.made += 1
        assert sda.number != scl.number and freq <= 400_000  # what both data sheets allow
        self._byte_us = 9e6 / freq  # eight bits and the acknowledgement

    def writeto(self, address: int, buffer):
        self.writevto(address, (buffer, b""))

    def writevto(self, address: int, buffers):
        bench = Bench.now
        if address != bench.address or not bench.plugged:
            raise OSError(19)
        bench.count(2, self._byte_us)  # address and control byte
        control, payload = buffers
        assert control in (b"\x00", b"\x40")
        bench.send(payload, control == b"\x40", self._byte_us)


class SPI:
    def __init__(self, _number: int, baudrate: int, polarity: int, phase: int, sck: Pin, mosi: Pin, miso):
        assert sck.number != mosi.number and miso is None
        assert polarity == phase == (Bench.now.cs is None)  # read at the rising edge; without CS it rests high
        self._byte_us = 8e6 / baudrate

    def write(self, buffer):
        bench = Bench.now
        assert bench.cs is None or bench.levels[bench.cs] == 0
        bench.send(buffer, bool(bench.levels[bench.dc]), self._byte_us)


class UART:
    """Not used here; boards/esp32.py imports it."""


class PWM:
    def __init__(self, pin: Pin, freq: int, duty_u16: int):
        assert freq > 100  # else it flickers
        self._number = pin.number
        self.duty_u16(duty_u16)

    def duty_u16(self, duty: int):
        Bench.now.duties[self._number] = duty


def sleep_us(microseconds: int):
    """Of `time`: it goes by at once."""


def sleep_ms(milliseconds: int):
    """Of `time`, while no other task runs."""
    Bench.now.now_ms += milliseconds
    Bench.now.piece_us += milliseconds * 1000
    Bench.now.longest_us = max(Bench.now.longest_us, Bench.now.piece_us)


def drivers_and_buses():
    """The table of displays and both classes of buses, with these wires in place of `machine`, `esp32` and `time`."""
    sys.modules["machine"] = sys.modules["esp32"] = sys.modules[__name__]
    from boards import displays, esp32_i2c, esp32_spi
    from evencell.display.drivers import colour_panel, mono_panel

    esp32_spi.time = sys.modules[__name__]
    for module in (colour_panel, mono_panel):
        module.sleep_ms = lambda milliseconds: Bench.now.sleep_ms(milliseconds)
    colour_panel.ticks_ms = lambda: Bench.now.ticks_ms()
    return displays, esp32_i2c.I2CBus, esp32_spi.SPIBus
