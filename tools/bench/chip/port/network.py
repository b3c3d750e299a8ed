"""A simulated Wi-Fi radio, for MicroPython built with tools/bench/chip/port: it claims what an ESP32's driver claims.

The network is the computer's. A file, named by EVENCELL_CHIP_RADIO, holds `gone` while the access point is away, and
`leak` while the driver takes more memory at each check and gives none of it back before the radio is off.
Weights in bytes: the rows "bare, Wi-Fi active" and "bare, Wi-Fi joined" of docs/memory.md. What an access point takes
beside the driver is an estimate: docs/memory.md says of what.
"""

import os
import time

import _chip

STA_IF = 0
AP_IF = 1
AUTH_OPEN = 0
AUTH_WPA2_PSK = 3
STAT_IDLE = 1000
STAT_CONNECTING = 1001
STAT_GOT_IP = 1010
STAT_NO_AP_FOUND = 201
STAT_WRONG_PASSWORD = 202

_ADDRESS = "127.0.0.1"
_JOIN_MS = 1500
_RX_BUFFERS = 10
_RX_BUFFER_BYTES = 1600
_DRIVER_BYTES = (4096,) * 6 + (256,) * 7  # beside its buffers: 42.4 KB in all
_LEAK_BYTES = 1024
_ACCESS_POINT_BYTES = (1600,) * 4 + (256,) * 6  # its interface, beacons, DHCP server and clients: 8 KB
_JOINED_BYTES = (4096,) + (256,) * 7 + (64,) * 2  # the network interface, DHCP, mDNS


class WLAN:
    """As network.WLAN of the esp32 port, as far as boards/ asks it."""

    def __new__(cls, interface):
        return object.__new__(AccessPoint if interface == AP_IF else cls)

    def __init__(self, _interface):
        pass

    def active(self, wanted=None):
        """Switch the driver on or off; OSError where it finds no memory."""
        if wanted is None:
            return bool(_state["driver"])
        if wanted and not _state["driver"]:
            for size in (_RX_BUFFER_BYTES,) * _RX_BUFFERS + _DRIVER_BYTES:
                claim = _chip.claim(size)
                if claim is None:
                    _release("driver")
                    raise OSError("Wifi Out of Memory")
                _state["driver"].append(claim)
        elif not wanted:
            self.disconnect()
            _release("driver")
        return wanted

    def connect(self, _ssid=None, _password=None):
        """Begin to join."""
        if not _state["driver"]:
            raise OSError("Wifi Not Started")
        if _state["since_ms"] is not None:
            raise OSError("Wifi Internal Error")
        _state["since_ms"] = time.ticks_ms()

    def disconnect(self):
        """Leave."""
        _state["since_ms"] = None
        _release("joined")
        _tell_sockets()

    def isconnected(self):
        """Whether there is an address."""
        self._advance()
        return bool(_state["joined"])

    def status(self, what=None):
        """A state, or the strength."""
        self._advance()
        if what == "rssi":
            return -61
        if _state["joined"]:
            return STAT_GOT_IP
        if _state["since_ms"] is None:
            return STAT_IDLE
        return STAT_NO_AP_FOUND if _mode() == "gone" else STAT_CONNECTING

    def ifconfig(self, *_given):
        """Address, mask, gateway, name server."""
        return (_ADDRESS, "255.0.0.0", _ADDRESS, _ADDRESS) if self.isconnected() else ("0.0.0.0",) * 4

    def ipconfig(self, _name):
        """Address and mask."""
        return (_ADDRESS if self.isconnected() else "0.0.0.0", "255.0.0.0")

    def config(self, *_names, **_values):
        """Nothing that matters here can be set."""

    def scan(self):
        """One network, where the access point is there."""
        return [] if _mode() == "gone" else [(b"model", b"\0" * 6, 6, -61, 3, False)]

    def _advance(self):
        """The state follows the time and the access point."""
        mode = _mode()
        if mode == "leak":
            claim = _chip.claim(_LEAK_BYTES)
            if claim is not None:
                _state["driver"].append(claim)
        is_gone = mode == "gone"
        if _state["joined"] and is_gone:
            _release("joined")
            _tell_sockets()
            _state["since_ms"] = time.ticks_ms()
        since_ms = _state["since_ms"]
        if since_ms is None or _state["joined"] or is_gone:
            return
        if time.ticks_diff(time.ticks_ms(), since_ms) >= _JOIN_MS:
            for size in _JOINED_BYTES:
                claim = _chip.claim(size)
                if claim is None:
                    _release("joined")
                    return
                _state["joined"].append(claim)
            _tell_sockets()


class AccessPoint:
    """The other interface of the radio."""

    def active(self, wanted):
        """Open or close it; OSError where it finds no memory."""
        if not wanted:
            _release("access_point")
            _tell_sockets()
        elif not _state["access_point"]:
            WLAN(STA_IF).active(True)  # the driver is that of both
            for size in _ACCESS_POINT_BYTES:
                claim = _chip.claim(size)
                if claim is None:
                    _release("access_point")
                    raise OSError("Wifi Out of Memory")
                _state["access_point"].append(claim)
            _tell_sockets()

    def config(self, **_values):
        """Name and password: no client sees them here."""

    def ifconfig(self):
        """Address, mask, gateway, name server."""
        return (_ADDRESS, "255.0.0.0", _ADDRESS, _ADDRESS)


def hostname(*_name):
    """Nothing asks for it."""


def country(*_code):
    """Nothing depends on it."""


def _mode() -> str:
    """The mode in the file; "" where there is none."""
    try:
        with open(os.getenv("EVENCELL_CHIP_RADIO") or "") as file:
            return file.read(4)
    except OSError:
        return ""


def _tell_sockets():
    """They work while there is a network of some kind."""
    _chip.joined(bool(_state["joined"] or _state["access_point"]))


def _release(kind: str):
    for claim in _state[kind]:
        _chip.release(claim)
    _state[kind] = []


_state = {"driver": [], "joined": [], "access_point": [], "since_ms": None}
