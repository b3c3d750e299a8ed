"""An ESP32's radio as an access point, and the scan for networks. Imported only where it is asked for.

Facts this rests on, from MicroPython's ports/esp32/network_wlan.c: `config` of an interface that is not active is
refused, so `active` comes first; `scan` needs the station, blocks for some 2 s, and is empty while it connects.
ESP-IDF's DHCP server gives the access point's own address as that of the DNS server.

Unproven on a board: checked against MicroPython's source and its stubs.
"""

import network

_DNS_PORT = 53
_MAX_CLIENTS = 4  # each takes memory of the driver


class AccessPoint:
    """`dns_port`: where clients send their DNS queries."""

    def __init__(self, dns_port: int | None = None):
        self.dns_port = dns_port or _DNS_PORT
        self._interface = network.WLAN(network.AP_IF)

    def start(self, ssid: str, password: str | None):
        """Open it, with WPA2 where there is a password; raises OSError."""
        self._interface.active(True)
        if password is None:
            self._interface.config(ssid=ssid, security=network.AUTH_OPEN, max_clients=_MAX_CLIENTS)
        else:
            self._interface.config(ssid=ssid, security=network.AUTH_WPA2_PSK, key=password, max_clients=_MAX_CLIENTS)

    def stop(self):
        """Close it; the station goes on."""
        self._interface.active(False)

    def address(self) -> str:
        """Its IPv4 address, 192.168.4.1 by default."""
        return self._interface.ifconfig()[0]

    def scan(self) -> list[tuple[bytes, int, bool]]:
        """SSID, strength in dBm and whether it is secured, of every network in reach; raises OSError.

        A hidden network has an empty SSID.
        """
        station = network.WLAN(network.STA_IF)
        station.active(True)
        return [(found[0], found[3], found[4] != network.AUTH_OPEN) for found in station.scan()]
