"""State of a network interface of an ESP32, by Wi-Fi or cable."""

import network


class Interface:
    """`interface` is MicroPython's own, once there is one."""

    def use(self, interface):
        """From now on it is this one."""
        self.interface = interface

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
