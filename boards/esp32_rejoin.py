"""An ESP32's way back into the network that it was in before it slept. Imported only for a report.

Unproven on a board: checked against MicroPython 1.29, ports/esp32/network_wlan.c and network_common.c, and its stubs.
"""

_UNKNOWN = bytes(6)  # a BSSID


class Rejoin:
    """Joins by `station` (esp32_wifi.py, esp32_ethernet.py) with what was learned from a connection."""

    def __init__(self, station):
        self._station = station
        self._static = station.static  # as configured

    def learned(self) -> tuple:
        """Channel of the connection, 0 on a cable; address, netmask, gateway and DNS server."""
        interface = self._station.interface
        return 0 if self._station.wired else interface.config("channel"), interface.ifconfig()

    def bssid(self, ssid: str, channel: int) -> bytes:
        """Address of the strongest access point of this network on this channel, by a scan of two seconds; zeros where
        none is known.
        """
        if self._station.wired:
            return _UNKNOWN
        try:
            found = self._station.interface.scan()
        except OSError:
            return _UNKNOWN
        here = [(each[3], bytes(each[1])) for each in found if each[0] == ssid.encode() and each[2] == channel]
        return max(here)[1] if here else _UNKNOWN

    def connect(self, channel: int, addresses: tuple, ssid: str, password: str | None, bssid: bytes):
        """Begin to connect, without a search on other channels first and without DHCP, and with this access point
        alone; raises OSError.
        """
        station = self._station
        station.static = addresses
        station.connect(ssid, password)
        if channel:
            self._begin_at(channel, ssid, password, bssid)

    def _begin_at(self, channel: int, ssid: str, password: str | None, bssid: bytes):
        """Begin the search anew at this channel: `connect` with a name forgets it, without one it does not."""
        interface = self._station.interface
        interface.disconnect()
        if bssid != _UNKNOWN:
            interface.connect(ssid, password, bssid=bssid)
            interface.disconnect()
        try:
            interface.config(channel=channel)
        except (OSError, ValueError):
            pass  # this MicroPython has it for access points alone: the search begins at channel 1
        interface.connect()

    def give_up(self):
        """Leave; the next connection has the configured address, or asks for one again."""
        self._station.static = self._static
        self._station.restart()
