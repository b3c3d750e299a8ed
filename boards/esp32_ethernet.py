"""An ESP32's way into a network by cable, where the board has Ethernet. Imported only where it is asked for.

`start` comes before everything else; until then no driver takes memory. Nothing here blocks.

Unproven on a board: checked against MicroPython 1.29, ports/esp32/network_lan.c, and its stubs.
"""

import network
from machine import Pin

from boards.esp32_network import Interface, introduce

_WORDS = {
    network.ETH_STARTED: "connecting",
    network.ETH_CONNECTED: "connecting",  # the cable is in, an address still to come
    network.ETH_GOT_IP: "connected",
    network.ETH_DISCONNECTED: "failed",  # the cable is out
}


class Wired(Interface):
    """Ethernet. `wiring`: `phy` (as in network.PHY_…), `address` of that chip, `pins` by name."""

    wired = True

    def __init__(self, wiring: dict):
        self._wiring = wiring

    def start(self, hostname: str | None, _country, _txpower):
        """Only the name counts here; from MicroPython 1.29 on it is also the mDNS name."""
        introduce(hostname)
        options = {
            "phy_type": getattr(network, "PHY_" + self._wiring["phy"]),
            "phy_addr": self._wiring["address"],
            "ref_clk_mode": Pin.IN,  # an oscillator on the board drives it
        }
        for name in ("mdc", "mdio", "power", "ref_clk"):
            options[name] = Pin(self._wiring["pins"][name])
        self.use(network.LAN(0, **options))  # pyright: ignore[reportCallIssue] (the stub has no arguments)

    def connect(self, _ssid=None, _password=None):
        """Begin to ask for an address, unless it is static, as soon as a cable is in."""
        self._set_static()
        self.interface.active(True)

    def disconnect(self):
        """Switch it off; does nothing before `start`."""
        if self.is_started():
            self.interface.active(False)

    def restart(self):
        """Switch it off; `connect` switches it on."""
        self.disconnect()

    def status(self) -> str:
        """idle, connecting, connected, or failed where the cable was pulled out; it comes back by itself."""
        return _WORDS.get(self.interface.status(), "idle")

    def rssi(self):
        """None: a cable has none."""
        return
