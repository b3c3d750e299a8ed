"""Beacons over an ESP32's Bluetooth. Imported only where the configuration asks for them.

Unproven on a board: checked against MicroPython 1.29, extmod/modbluetooth.c and extmod/nimble, and its stubs.
"""

import bluetooth

_INTERVAL_US = 100_000
_COMPLETE_NAME = 0x09


class Beacons:
    """Advertises to any receiver, accepts no connection. `address`: of this chip, 6 bytes, as receivers write it."""

    def __init__(self, name: str):
        self._ble = bluetooth.BLE()
        self._ble.active(True)
        self._name = bytes((len(name) + 1, _COMPLETE_NAME)) + name.encode()
        self.address = bytes(self._ble.config("mac")[1])

    def start(self, data: bytes):
        """Send this advertisement ten times a second, until the next one or `stop`; the radio is on then."""
        self._ble.active(True)
        self._ble.gap_advertise(_INTERVAL_US, data, resp_data=self._name, connectable=False)

    def stop(self):
        """End, and switch the radio off."""
        self._ble.gap_advertise(None)  # pyright: ignore[reportArgumentType] (as documented)
        self._ble.active(False)
