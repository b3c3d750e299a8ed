"""State of a network interface of an ESP32, by Wi-Fi or cable."""

import network


class Interface:
    """`interface` is MicroPython's own, once there is one. `static`: address, netmask, gateway and DNS server as texts;
    None where DHCP gives them.
    """

    static = None

    def use(self, interface):
        """From now on it is this one."""
        self.interface = interface

    def _set_static(self):
        """Set the static address, if there is one: before each connection, because switching off discards it.

        Source: esp_netif_stop_api in ESP-IDF 5.4, components/esp_netif/lwip/esp_netif_lwip.c.
        """
        if self.static:
            self.interface.ifconfig(self.static)

    def is_started(self) -> bool:
        """Whether there is one yet."""
        return hasattr(self, "interface")

    def is_connected(self) -> bool:
        """Whether there is a network, and an address."""
        return self.is_started() and self.interface.isconnected()

    def address(self) -> str | None:
        """The IPv4 address, None without a connection."""
        return self.interface.ifconfig()[0] if self.is_connected() else None

    def gateway(self) -> str | None:
        """The gateway's IPv4 address, None without a connection."""
        return self.interface.ifconfig()[2] if self.is_connected() else None


def introduce(hostname: str | None):
    """Say the device's name; it has to come before the interface is switched on."""
    if hostname is not None:
        network.hostname(hostname)
