"""Makes capabilities of an ESP32 board's data. With the other `esp32_…` the one place where `machine` is imported.

Unproven on a board: checked against MicroPython's source and its stubs alone.
"""

import time

import machine
from machine import UART, Pin

from boards import esp32_heap
from evencell.runtime.lazy import call

_BAUD = 9600
_BUFFER_BYTES = 512
_EPOCH_2000_S = 946_684_800
_RTC_BYTES = 1024  # what the journal takes of 2048


class Board:
    """Capabilities of the board that `data` describes (see any of the board files); those it lacks are None."""

    storage = ""
    config_path = "config.json"
    overrides = {}
    simulated = False

    def __init__(self, data: dict):
        self.data = data
        self._ports = {}
        self.own_station = None  # until it is asked for
        self.name = data["name"]
        self.chip = data["chip"]
        self.wired = "ethernet" in data  # its station is a cable's, else a radio; known without making one
        for pin in data.get("high_at_start", ()):
            Pin(pin, Pin.OUT, value=1)

    def use_pins(self, pins: dict) -> tuple[list[str], list[str]]:
        """Take the pins of the configuration, before any other capability is asked for; refusals and warnings."""
        return call("boards.chips", "use_pins", self, pins)

    def pins(self) -> dict:
        """The pins that the configuration may move: name → number in use."""
        return call("boards.chips", "named_pins", self.data)

    def save_power(self, config: dict) -> list[str]:
        """Save power as configured, before the station is asked for; warnings."""
        from boards.esp32_saving import save

        return save(self, config)

    def port(self, uart: int | None):
        """The UART of this number, or the board's usual one; ValueError, with a sentence, where it has none such.

        Asked twice for one UART it gives the same port.
        """
        uarts = self.data["uarts"]
        number = uart if uart is not None else min(uarts)
        if number not in uarts:
            raise ValueError("%s has no RS485 at UART %d, but at %s" % (self.name, number, sorted(uarts)))
        if number not in self._ports:
            self._ports[number] = Port(number, **uarts[number])
        return self._ports[number]

    def display_bus(self, wishes: dict):
        """A bus to the display and its data, `wishes` of the configuration in it; None where there is none.

        The bus of a picture is None. ValueError, with a sentence, where the wanted display can't be had.
        """
        data = call("boards.displays", "display_data", self.data, wishes)
        if data is None:
            return None
        if data["bus"] is None:
            return None, data
        if data["bus"] == "spi":
            from boards.esp32_spi import SPIBus

            return SPIBus(data["spi_hz"], data["pins"]), data
        from boards.esp32_i2c import I2CBus

        return I2CBus(**self.data["i2c"]), data

    def unique_id(self) -> str:
        """Twelve hexadecimal digits, burnt into the chip."""
        return machine.unique_id().hex()

    def station(self):
        """Ethernet where the board has it, else Wi-Fi; always the same."""
        if self.own_station is None:
            if self.wired:
                from boards.esp32_ethernet import Wired

                self.own_station = Wired(self.data["ethernet"])
            else:
                from boards.esp32_wifi import Wireless

                self.own_station = Wireless(self.data.get("txpower"))
        return self.own_station

    def access_point(self):
        """Its radio as an access point, which also scans; the code is in memory as long as the object."""
        return call("boards.esp32_access_point", "AccessPoint")

    def beacons(self, name: str):
        """Its Bluetooth as a sender of beacons of this name; None where MicroPython was built without it."""
        try:
            from boards.esp32_bluetooth import Beacons
        except ImportError:
            return None
        return Beacons(name)

    def gc_heap(self) -> tuple[int, int]:
        """Bytes of MicroPython's own heap, and how many of them are free."""
        return esp32_heap.gc_heap()

    def network_heap(self) -> tuple[int, int] | None:
        """Bytes that are free in the heap of Wi-Fi, sockets and TLS, and its largest block."""
        return esp32_heap.network_heap()

    def watchdog(self, timeout_ms: int):
        """Something to `feed()` in time, or the chip restarts. It can't be stopped again."""
        return machine.WDT(timeout=timeout_ms)

    def reset_cause(self) -> str:
        """Why the chip started: power, reset, watchdog, wake, soft or unknown.

        As ports/esp32/modmachine.c has it: a brown-out counts as power, a panic and `restart()` as reset.
        """
        causes = {
            machine.PWRON_RESET: "power",
            machine.HARD_RESET: "reset",
            machine.WDT_RESET: "watchdog",
            machine.DEEPSLEEP_RESET: "wake",
            machine.SOFT_RESET: "soft",
        }
        return causes.get(machine.reset_cause(), "unknown")

    def set_time(self, unix_s: int):
        """Set the clock that goes on through deep sleep and every restart but that by power."""
        epoch_s = _EPOCH_2000_S if time.gmtime(0)[0] == 2000 else 0
        year, month, day, hour, minute, second, weekday = time.gmtime(unix_s - epoch_s)[:7]
        machine.RTC().datetime((year, month, day, weekday, hour, minute, second, 0))

    def lacks_psram(self) -> bool:
        """Whether the board's data names PSRAM and MicroPython found none: another module, or an image without it."""
        return bool(self.data.get("psram")) and not esp32_heap.has_psram()

    def rtc_memory(self):
        """Memory that outlives a crash. Its layout: docs/architecture.md. To be asked for once."""
        return RtcMemory()

    def sleeper(self):
        """What deep sleep takes. To be made before any other capability is asked for."""
        from boards.esp32_sleep import Sleeper

        return Sleeper(self)

    def restart(self):
        """Start again, as after the reset button; never returns."""
        machine.reset()

    def firmware(self):
        """The application partitions: an object that keeps its module in memory no longer than itself."""
        return call("boards.esp32_firmware", "Firmware")

    def button(self):
        """A function: whether the button is pressed now. Every button here joins its pin with ground."""
        return self._key(self.data.get("button"))

    def button_2(self):
        """The same for the second button."""
        return self._key(self.data.get("button_2"))

    def alarm_output(self):
        """A function that drives the pin of a buzzer or relay, low at first; None where no pin is named for it."""
        number = self.data.get("alarm_output")
        return None if number is None else Pin(number, Pin.OUT, value=0)

    def w_output(self, is_inverted: bool):
        """What drives the W switch; None where no pin is named for it. Until it drives, the pin is an input."""
        number = self.data.get("w_output")
        return None if number is None else call("boards.esp32_w_output", "WOutput", number, is_inverted)

    def _key(self, number: int | None):
        if number is None:
            return None
        pin = key_pin(self.data["chip"], number)
        return lambda: not pin.value()


def key_pin(chip: str, number: int) -> Pin:
    """The pin of a button."""
    if chip == "esp32" and number >= 34:
        return Pin(number, Pin.IN)  # has no pull-up; boards with a button there bring one
    return Pin(number, Pin.IN, Pin.PULL_UP)


class RtcMemory:
    """Memory that outlives every restart but one by power or by the reset button: `buffer`, until `save()` all of it.

    After a power cut it is empty. Who uses it guards it by a checksum: a reset may come in the middle of `save`.
    Source: MicroPython's ports/esp32/machine_rtc.c, RTC_NOINIT_ATTR; pull request 7298 says what it survives.
    """

    def __init__(self):
        kept = machine.RTC().memory()
        self.buffer = bytearray(kept) + bytes(max(0, _RTC_BYTES - len(kept)))

    def save(self):
        """Keep the buffer."""
        machine.RTC().memory(self.buffer)


class Port:
    """A UART behind an RS485 transceiver; `de` is its direction pin, None where the transceiver turns by itself."""

    def __init__(self, number: int, tx: int, rx: int, de: int | None = None):
        self._de = Pin(de, Pin.OUT, value=0) if de is not None else None  # first: the UART may move its pin
        self._uart = UART(number, _BAUD, tx=tx, rx=rx, timeout=0, rxbuf=_BUFFER_BYTES)
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
