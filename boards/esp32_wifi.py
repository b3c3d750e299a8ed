"""An ESP32's way into a network by Wi-Fi. Imported only where it is asked for.

`start` comes before everything else; until then no driver takes memory. Nothing here blocks.

Unproven on a board: checked against MicroPython 1.29, ports/esp32/network_wlan.c, and its stubs.
"""

import network

from boards.esp32_network import Interface, introduce

_WORDS = {
    network.STAT_IDLE: "idle",
    network.STAT_CONNECTING: "connecting",
    network.STAT_GOT_IP: "connected",
    network.STAT_WRONG_PASSWORD: "wrong password",
    network.STAT_NO_AP_FOUND: "no such network",
}


class Wireless(Interface):
    """Wi-Fi as a client. `txpower_limit`: what the board's antenna bears, in dBm, or None."""

    wired = False

    def __init__(self, txpower_limit: float | None = None):
        self._limit = self._power = txpower_limit
        self._wanted = False

    def start(self, hostname: str | None, country: str | None, txpower: float | None):
        """Switch the radio on. The host name is also the mDNS name; each None leaves the port's default.

        MicroPython 1.29 keeps `country` on an ESP32 without using it.
        """
        introduce(hostname)
        if country is not None:
            network.country(country)
        powers = [power for power in (self._limit, txpower) if power is not None]
        self._power = min(powers) if powers else None
        self.use(network.WLAN(network.STA_IF))
        self._switch_on()

    def restart(self):
        """Switch the radio off and on: it returns all memory but the driver's own. It is not connected then."""
        if self.is_started():
            self.stop()
            self._switch_on()

    def stop(self):
        """Switch the radio off until the next `start` or `restart`."""
        try:
            self.disconnect()
        except OSError:
            pass  # it was not connected
        if self.is_started():
            self.interface.active(False)

    def _switch_on(self):
        self.interface.active(True)
        if self._power is not None:
            self.interface.config(txpower=self._power)

    def connect(self, ssid: str, password: str | None):
        """Begin to connect; the driver tries again by itself. OSError while it is connecting: `disconnect()` first."""
        self._set_static()
        self.interface.connect(ssid, password)
        self._wanted = True

    def disconnect(self):
        """Leave the network, or give up trying; does nothing before `start`."""
        self._wanted = False
        if self.is_started():
            self.interface.disconnect()

    def status(self) -> str:
        """idle, connecting, connected, wrong password, no such network or failed.

        A wrong password may also stay `connecting`: an access point need not give a reason for a refusal.
        """
        word = _WORDS.get(self.interface.status(), "failed")
        if word == "idle" and self._wanted:
            return "connecting"  # MicroPython still shows how the connection before ended
        return word

    def rssi(self) -> int | None:
        """Strength in dBm, None without a connection."""
        try:
            return self.interface.status("rssi")
        except OSError:
            return None
