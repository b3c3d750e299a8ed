"""An ESP32's way into a network: Wi-Fi, or Ethernet where the board has it. Imported only where it is asked for.

`start` comes before everything else; until then no driver takes memory. Nothing here blocks, but for `scan`.

Unproven on a board: checked against MicroPython 1.29, ports/esp32/network_wlan.c and network_lan.c, and its stubs.
"""

import network
from machine import Pin

_WIFI_WORDS = {
    network.STAT_IDLE: "idle",
    network.STAT_CONNECTING: "connecting",
    network.STAT_GOT_IP: "connected",
    network.STAT_WRONG_PASSWORD: "wrong password",
    network.STAT_NO_AP_FOUND: "no such network",
}
_ETHERNET_WORDS = {
    network.ETH_STARTED: "connecting",
    network.ETH_CONNECTED: "connecting",  # the cable is in, an address still to come
    network.ETH_GOT_IP: "connected",
    network.ETH_DISCONNECTED: "failed",  # the cable is out
}


class _Interface:
    """What both have in common."""

    def _use(self, interface):
        self._interface = interface

    def is_connected(self) -> bool:
        """Whether there is a network, and an address."""
        return self._interface.isconnected()

    def address(self) -> str | None:
        """The IPv4 address, None without a connection."""
        return self._interface.ifconfig()[0] if self.is_connected() else None


class Wireless(_Interface):
    """Wi-Fi as a client. `txpower_limit`: what the board's antenna bears, in dBm, or None."""

    wired = False

    def __init__(self, txpower_limit: float | None = None):
        self._limit = txpower_limit
        self._wanted = False

    def start(self, hostname: str | None, country: str | None, txpower: float | None):
        """Switch the radio on. The host name is also the mDNS name; each None leaves the port's default.

        MicroPython 1.29 keeps `country` on an ESP32 without using it.
        """
        _name(hostname)
        if country is not None:
            network.country(country)
        self._use(network.WLAN(network.STA_IF))
        self._interface.active(True)
        powers = [power for power in (self._limit, txpower) if power is not None]
        if powers:
            self._interface.config(txpower=min(powers))

    def connect(self, ssid: str, password: str | None):
        """Begin to connect; the driver tries again by itself. OSError while it is connecting: `disconnect()` first."""
        self._interface.connect(ssid, password)
        self._wanted = True

    def disconnect(self):
        """Leave the network, or give up trying."""
        self._wanted = False
        self._interface.disconnect()

    def status(self) -> str:
        """idle, connecting, connected, wrong password, no such network or failed.

        A wrong password may also look like `connecting` for ever: an access point needn't say why it says no.
        """
        word = _WIFI_WORDS.get(self._interface.status(), "failed")
        if word == "idle" and self._wanted:
            return "connecting"  # MicroPython still shows how the connection before ended
        return word

    def rssi(self) -> int | None:
        """Strength in dBm, None without a connection."""
        try:
            return self._interface.status("rssi")
        except OSError:
            return None

    def scan(self) -> list[tuple[str, int, bool]]:
        """(ssid, rssi, is_open) of each network around, strongest first. Blocks for some seconds.

        Empty while it is connecting. Networks that hide their name, or whose name is no UTF-8, are left out.
        """
        found = []
        for ssid, _bssid, _channel, rssi, security, *_ in self._interface.scan():
            try:
                name = ssid.decode()
            except UnicodeError:
                continue
            if name:
                found.append((name, rssi, security == 0))
        return sorted(found, key=lambda entry: -entry[1])


class Wired(_Interface):
    """Ethernet. `wiring`: `phy` (as in network.PHY_…), `address` of that chip, `pins` by name."""

    wired = True

    def __init__(self, wiring: dict):
        self._wiring = wiring

    def start(self, hostname: str | None, _country, _txpower):
        """Only the name counts here; from MicroPython 1.29 on it is also the mDNS name."""
        _name(hostname)
        options = {
            "phy_type": getattr(network, "PHY_" + self._wiring["phy"]),
            "phy_addr": self._wiring["address"],
            "ref_clk_mode": Pin.IN,  # an oscillator on the board drives it
        }
        for name in ("mdc", "mdio", "power", "ref_clk"):
            options[name] = Pin(self._wiring["pins"][name])
        self._use(network.LAN(0, **options))  # pyright: ignore[reportCallIssue] (the stub has no arguments)

    def connect(self, _ssid=None, _password=None):
        """Begin to ask for an address, as soon as a cable is in."""
        self._interface.active(True)

    def disconnect(self):
        """Switch it off."""
        self._interface.active(False)

    def status(self) -> str:
        """idle, connecting, connected, or failed where the cable was pulled out; it comes back by itself."""
        return _ETHERNET_WORDS.get(self._interface.status(), "idle")

    def rssi(self):
        """None: a cable has none."""
        return

    def scan(self) -> list[tuple[str, int, bool]]:
        """A cable finds no other networks."""
        return []


def _name(hostname: str | None):
    """Has to come before the interface is switched on."""
    if hostname is not None:
        network.hostname(hostname)
