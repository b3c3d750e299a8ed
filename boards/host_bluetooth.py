"""Beacons of a computer: a file gets a line of JSON for each, with address, name, and the advertisement in hex."""

import json
from binascii import hexlify

_ADDRESS = bytes((0x02, 0xEC, 0, 0, 0, 1))


class Beacons:
    """As those of an ESP32 (esp32_bluetooth.py)."""

    address = _ADDRESS

    def __init__(self, path: str, name: str):
        self._path = path
        self._name = name

    def start(self, data: bytes):
        """Write it down."""
        line = {"address": hexlify(_ADDRESS).decode(), "name": self._name, "data": hexlify(data).decode()}
        with open(self._path, "a") as file:
            file.write(json.dumps(line) + "\n")

    def stop(self):
        """A file ends by itself."""
