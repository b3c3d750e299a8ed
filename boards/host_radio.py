"""A simulated radio: a station and an access point of this computer. Which networks are in reach stands in a file.

The file is JSON, read anew each time: `{"Home": "its password", "Camping": null}`, or an object for a network,
`{"Home": {"password": "…", "rssi": -61, "hidden": false, "address": "192.168.1.7"}}`. A network whose password is
"silent" gives no address. Without the file the radio fails. No packet passes here: sockets are the computer's own.
"""

import json

from evencell.compat import const, ticks_ms
from evencell.storage.files import remove, replace

_DNS_PORT = const(53)
_ANSWER_MS = const(2_000)  # a scan of all channels, or a handshake; an address takes as long again
_RSSI = const(-60)
_ADDRESS = "192.168.1.7"
_GATEWAY = "192.168.1.1"
_LOOPBACK = "127.0.0.1"


def equip(board, settings: dict):
    """Give the computer this radio. `settings`: `air`, the file, and `dns_port`."""

    def air() -> dict:
        with open(settings["air"]) as file:
            text = file.read()
        try:
            return json.loads(text)
        except ValueError:
            pass
        raise OSError("%s is not JSON" % settings["air"])

    station = Station(air, ticks_ms, board.storage + "/radio")
    access_point = AccessPoint(air, board.storage + "/access_point", settings.get("dns_port"))
    board.wired = False
    board.station = lambda: station
    board.access_point = lambda: access_point


class Station:
    """Behaves as MicroPython's on an ESP32 does (ports/esp32/network_wlan.c).

    `connect` while connecting raises OSError. `disconnect` takes effect later than it returns. `status` keeps the last
    failure until the next event. `air()` gives what the file has, `now_ms()` the time. `static`: as on an ESP32.
    `power_save`: the mode, once it is configured; the file `path` shows that of the radio that is on, as JSON.
    """

    wired = False
    static = None
    power_save = None

    def __init__(self, air, now_ms, path: str | None = None):
        self._air = air
        self._now_ms = now_ms
        self._path = path
        self._is_started = False
        self._wanted = None
        self._asked_ms = 0
        self._left_ms = -1
        self._reason = "idle"

    def start(self, _hostname, _country, _txpower):
        """Switch the radio on."""
        self._is_started = True
        if self._path:
            replace(self._path, json.dumps({"power_save": self.power_save}))

    def stop(self):
        """Switch the radio off."""
        self.disconnect()
        self._is_started = False
        if self._path:
            remove(self._path)

    def is_started(self) -> bool:
        """Whether it was switched on."""
        return self._is_started

    def connect(self, ssid, password):
        """Begin to connect."""
        if self._wanted is not None or self._left_ms == self._now_ms() or not self._is_started:
            raise OSError("Wifi Internal State Error")
        self._wanted = ssid, password
        self._asked_ms = self._now_ms()

    def disconnect(self):
        """Leave, or give up trying."""
        if self.is_connected():
            self._reason = "idle"
        if self._wanted is not None:
            self._left_ms = self._now_ms()
        self._wanted = None

    def restart(self):
        """Switch the radio off and on."""
        self.disconnect()

    def is_connected(self) -> bool:
        """Whether there is a network, and an address."""
        return self._answer() == "connected"

    def status(self) -> str:
        """As that of the ESP32's station."""
        answer = self._answer()
        if answer == "connected":
            self._reason = "connecting"
        elif answer != "connecting":
            self._reason = answer
        return "connected" if answer == "connected" else self._reason

    def rssi(self) -> int | None:
        """Strength in dBm, None without a connection."""
        return self._network().get("rssi", _RSSI) if self.is_connected() else None

    def address(self) -> str | None:
        """The static address, else the one that the network gave."""
        if not self.is_connected():
            return None
        return self.static[0] if self.static else self._network().get("address", _ADDRESS)

    def gateway(self) -> str | None:
        """The gateway's address."""
        return _GATEWAY if self.is_connected() else None

    def _network(self) -> dict:
        return described(self._air()[self._wanted[0]]) if self._wanted else {}

    def _answer(self) -> str:
        """What the air says by now."""
        if self._wanted is None:
            return self._reason
        ssid, password = self._wanted
        waited_ms = self._now_ms() - self._asked_ms
        if waited_ms < _ANSWER_MS:
            return "connecting"
        air = self._air()
        if ssid not in air:
            return "no such network"
        wanted = described(air[ssid])["password"]
        if wanted == "silent":
            return "connecting"
        if wanted != password:
            return "wrong password"
        return "connected" if waited_ms >= 2 * _ANSWER_MS else "connecting"


class Rejoin:
    """As that of an ESP32 (esp32_rejoin.py), without a channel."""

    def __init__(self, station):
        self._station = station
        self._static = station.static  # as configured

    def learned(self) -> tuple:
        """Channel, and the addresses of the connection."""
        station = self._station
        return 0, (station.address(), "255.255.255.0", station.gateway(), station.gateway())

    def bssid(self, _ssid: str, _channel: int) -> bytes:
        """Not known."""
        return bytes(6)

    def connect(self, _channel: int, addresses: tuple, ssid: str, password: str | None, _bssid: bytes):
        """Begin to connect with these addresses."""
        self._station.static = addresses
        self._station.connect(ssid, password)

    def give_up(self):
        """Leave."""
        self._station.static = self._static
        self._station.restart()


class AccessPoint:
    """What is open now stands in the file `path`, as JSON: `ssid` and `password`. Its address is loopback."""

    def __init__(self, air, path: str, dns_port: int | None = None):
        self.dns_port = dns_port or _DNS_PORT
        self._air = air
        self._path = path
        self.stop()  # what a process before has left open

    def start(self, ssid: str, password: str | None):
        """Open it."""
        replace(self._path, json.dumps({"ssid": ssid, "password": password}))

    def stop(self):
        """Close it."""
        remove(self._path)

    def address(self) -> str:
        """Loopback."""
        return _LOOPBACK

    def scan(self) -> list[tuple[bytes, int, bool]]:
        """As that of the ESP32's."""
        found = []
        for ssid, entry in self._air().items():
            entry = described(entry)
            name = "" if entry.get("hidden") else ssid
            found.append((name.encode(), entry.get("rssi", _RSSI), entry["password"] is not None))
        return found


def described(entry) -> dict:
    """A network of the file as an object."""
    return entry if isinstance(entry, dict) else {"password": entry}
