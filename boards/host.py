"""This computer as a board: a serial port or pty for a UART, a folder for the flash, a picture for the display, files
for the buttons.

Runs on MicroPython's unix port. `evencell run` says through the environment what the command line has set.
Where that port was built with the modules `esp32` and `network`, which stand for a chip's two heaps and its radio, this
board has both heaps and a Wi-Fi station. With the setting `air` it has a simulated radio (host_radio.py).
"""

import json
import os
import sys
from binascii import hexlify
from hashlib import sha256

from evencell.compat import mem_alloc, mem_free, ticks_diff, ticks_ms
from evencell.runtime.lazy import call
from evencell.storage.files import replace
from evencell.storage.paths import exists

try:
    from boards import esp32_heap
except ImportError:  # no module `esp32`
    esp32_heap = None
try:
    import network
except ImportError:
    network = None

BOARD = {
    "name": "host",
    "description": "This computer, through a USB-RS485 adapter or a simulated balancer",
    "chip": "host",
    "supply_v": None,
    "supply_warning": "The USB-RS485 adapter is isolated, or the computer runs on its battery.",
    "source": "MicroPython's unix port",
    "uarts": {},
    "display": {"driver": "picture", "width": 128, "height": 64},
}
SETTINGS_VARIABLE = "EVENCELL_HOST"
RESTART_STATUS = 75  # of the process after `restart()`: its starter may start it again
RTC_BYTES = 1024  # what the journal takes of 2048 (docs/architecture.md)
_ID_DIGITS = 12
_VMIN = 6  # Linux's index into the control characters
_KEY_BLIND_MS = 100  # counted at most between two polls
_KEY_POLLS = 4  # that see each press, and each pause behind one


class Board:
    """Capabilities of this computer; those it lacks are None.

    `settings`: `ports` (of UART 0, 1, …), `data` (folder), `config` (file), `overrides`, `reset_cause`, `display`,
    `simulated`; `air` (file with the networks in reach of its simulated radio), `dns_port` (of its access point),
    `firmware` (folder that stands for application partitions); `wake_cause` and `time_ns` (host_sleep.py);
    `beacons` (file that gets those of its Bluetooth).
    """

    chip = BOARD["chip"]
    wired = False if network else None  # None: no station of its own
    set_time = None  # a computer's clock is its own matter, and right

    def __init__(self, settings: dict | None = None):
        self._settings = settings or json.loads(os.getenv(SETTINGS_VARIABLE) or "{}")
        self.name = BOARD["name"]
        self.storage = self._settings.get("data", ".")
        self.config_path = self._settings.get("config") or self.storage + "/config.json"
        self.overrides = self._settings.get("overrides", {})
        self._ports = [Port(path) for path in self._settings.get("ports", ())]
        self._station = None
        self._button = None
        if "air" in self._settings:
            call("boards.host_radio", "equip", self, self._settings)
        firmware = self.firmware()
        if firmware:
            firmware.boot()
        self.simulated = self._settings.get("simulated", False)  # the pack, for the page to say so

    def use_pins(self, _pins: dict) -> tuple[list[str], list[str]]:
        """Refusals and warnings: a computer has no pins."""
        return ["pins: this computer has none; not used"], []

    def pins(self) -> dict:
        """A computer has none."""
        return {}

    def save_power(self, config: dict) -> list[str]:
        """Save power as configured; warnings."""
        return call("boards.host_saving", "save", self, config)

    def port(self, uart: int | None):
        """The serial port that stands for this UART, or the first; ValueError, with a sentence, where none does.

        Asked twice for one UART it gives the same port.
        """
        number = uart or 0
        if number >= len(self._ports):
            raise ValueError("UART %d needs a port of its own: name it as --port number %d" % (number, number + 1))
        return self._ports[number]

    def display_bus(self, wishes: dict):
        """No bus, and a display whose picture is fetched over HTTP. ValueError where no layout is for its size."""
        data = dict(self._settings.get("display") or BOARD["display"])
        for key in ("width", "height"):
            data[key] = wishes.get(key) or data[key]
        call("boards.displays", "check_picture", data["width"], data["height"])
        return None, data

    def unique_id(self) -> str:
        """Twelve hexadecimal digits, made once and kept in the folder that stands for the flash.

        What is damaged there is set aside. Where nothing can be written, the path gives them: the same at each start.
        """
        path = self.storage + "/id"
        try:
            with open(path, "rb") as file:
                found = file.read(_ID_DIGITS + 1)
        except OSError:
            found = b""
        if len(found) == _ID_DIGITS and all(digit in b"0123456789abcdef" for digit in found):
            return found.decode()
        new_id = os.urandom(6).hex()
        try:
            for place in (path, path + ".new"):
                if exists(place):
                    call("evencell.storage.state_file", "delete", place + ".bad")
                    os.rename(place, place + ".bad")
            replace(path, new_id)
        except OSError:
            return hexlify(sha256(self.storage.encode()).digest()).decode()[:_ID_DIGITS]
        return new_id

    def station(self):
        """None: the computer's network is its own matter. Where there is a module `network`, its Wi-Fi station."""
        if network and self._station is None:
            from boards.esp32_wifi import Wireless

            self._station = Wireless()
        return self._station

    def access_point(self):
        """None, as above."""
        return call("boards.esp32_access_point", "AccessPoint", self._settings.get("dns_port")) if network else None

    def beacons(self, name: str):
        """A file that stands for the air, where the settings name one."""
        path = self._settings.get("beacons")
        return call("boards.host_bluetooth", "Beacons", path, name) if path else None

    def gc_heap(self) -> tuple[int, int]:
        """Bytes of MicroPython's heap, and how many of them are free; (0, 0) on CPython."""
        if esp32_heap:
            return esp32_heap.gc_heap()
        free = mem_free()
        return mem_alloc() + free, free

    def network_heap(self) -> tuple[int, int] | None:
        """None: sockets have a heap without an end. Where there is a module `esp32`, what that says of its heap."""
        return esp32_heap.network_heap() if esp32_heap else None

    def watchdog(self, _timeout_ms: int):
        """None: nothing restarts a computer that hangs."""
        return

    def reset_cause(self) -> str:
        """What the settings say: who starts it again after a restart knows; else power."""
        return self._settings.get("reset_cause", "power")

    def restart(self):
        """End the process with RESTART_STATUS; never returns."""
        sys.exit(RESTART_STATUS)

    def firmware(self):
        """None: a computer's programs are its own matter. Else what stands for application partitions."""
        folder = self._settings.get("firmware")
        return call("boards.host_firmware", "Firmware", folder) if folder else None

    def button(self):
        """A function: whether the button is pressed now. A file stands for it, polled by all who ask: see `Key`."""
        self._button = self._button or Key(self.storage + "/button")
        return self._button.is_down

    def button_2(self):
        """The same for the second button."""
        return Key(self.storage + "/button_2").is_down

    def alarm_output(self):
        """A function that writes 1 or 0 into the file `alarm_output` among its data; None without one."""
        path = self.storage + "/alarm_output"
        return (lambda is_on: replace(path, "1" if is_on else "0")) if exists(path) else None

    def w_output(self, _is_inverted: bool):
        """The named pipe `w` among its data, which stands for the balancer's pin W; None without one."""
        path = self.storage + "/w"
        return call("boards.host_w_output", "WOutput", path) if exists(path) else None

    def lacks_psram(self) -> bool:
        """A computer has memory enough."""
        return False

    def rtc_memory(self):
        """A file that stands for memory which outlives a crash, but no power cut."""
        return RtcMemory(self.storage + "/rtc")

    def sleeper(self):
        """What deep sleep takes. To be made before any other capability is asked for."""
        from boards.host_sleep import Sleeper

        return Sleeper(self, self._settings)


class Key:
    """A button that is a file: a number of milliseconds written into it is a press so long, after which it is empty.

    Time counts while the button is polled: a press lasts longer on a busy computer. The caller has a clock of its own,
    so each press, and each pause behind one, also lasts for some polls.
    """

    def __init__(self, path: str):
        self._path = path
        self._text = bytearray(6)
        self._polled = ticks_ms()
        self._is_down = False
        self._left_ms = 0
        self._polls = 0  # still to come, before anything changes
        self._file = None
        try:
            with open(path, "ab"):
                pass  # it is there now, and what was in it is, too
            self._file = open(path, "rb", buffering=0)
        except OSError:
            pass  # a folder, or a disk that can't be written: it is never pressed

    def is_down(self) -> bool:
        """Whether it is pressed now. Takes no heap while nothing is in the file."""
        now = ticks_ms()
        self._left_ms = max(0, self._left_ms - min(ticks_diff(now, self._polled), _KEY_BLIND_MS))
        self._polled = now
        if self._polls:
            self._polls -= 1
        elif not self._left_ms and self._file:
            self._turn()
        return self._is_down

    def _turn(self):
        """A press ends, or one begins if there is any."""
        was_down = self._is_down
        try:
            if was_down:
                self._empty()
            else:
                self._left_ms = self._read()
        except OSError:
            self._file = None  # it can't be emptied: no second press
        self._is_down = self._left_ms > 0
        if self._is_down != was_down:
            self._polls = _KEY_POLLS

    def _read(self) -> int:
        """The press that the file holds; 0 if it holds none."""
        file = self._file
        if file is None:
            return 0
        file.seek(0)
        length = file.readinto(self._text)
        if not length:
            return 0
        digits = bytes(self._text[:length]).strip()
        if digits.isdigit() and int(digits):
            return int(digits)
        self._empty()
        return 0

    def _empty(self):
        open(self._path, "wb").close()


class Port:
    """A serial port or pty. One that vanishes is silent, and is opened again when it is back."""

    direction = None

    def __init__(self, path: str):
        self._path = path
        self._file = None

    def write(self, data):
        """Send; what can't be sent is lost, as on a wire."""
        try:
            if self._file is None:
                self._file = _open(self._path)
            self._file.write(data)
        except OSError:
            self._close()

    def readinto(self, buffer) -> int:
        """Number of bytes put into `buffer`, 0 if there are none; never blocks."""
        if self._file is None:
            return 0
        try:
            return self._file.readinto(buffer) or 0
        except OSError:
            self._close()
            return 0

    def _close(self):
        if self._file is not None:
            self._file.close()
            self._file = None


class RtcMemory:
    """A file for an ESP32's RTC memory: `buffer` is what it holds, until `save()` all of it."""

    def __init__(self, path: str):
        self._path = path
        kept = b""
        try:
            with open(path, "rb") as file:
                kept = file.read()
        except OSError:
            pass  # nothing was ever kept
        self.buffer = bytearray(kept) + bytes(max(0, RTC_BYTES - len(kept)))

    def save(self):
        """Keep the buffer, whole or not at all; where the disk refuses, it is in memory alone."""
        try:
            with open(self._path + ".new", "wb") as file:
                file.write(self.buffer)
            os.rename(self._path + ".new", self._path)
        except OSError:
            pass


def _open(path: str):
    """The port raw, at 9600 baud, and non-blocking: with VMIN 0 a read of nothing returns at once."""
    import termios  # pyright: ignore[reportMissingImports] (of the unix port alone)

    file = open(path, "r+b", buffering=0)
    descriptor = file.fileno()
    termios.setraw(descriptor)
    attributes = termios.tcgetattr(descriptor)
    attributes[4] = attributes[5] = termios.B9600
    attributes[6][_VMIN] = 0
    termios.tcsetattr(descriptor, termios.TCSANOW, attributes)
    return file
