"""Files that stand for an ESP32's application partitions and its boot loader (esp32_firmware.py).

In a folder: `ota_0` and `ota_1`, and `otadata`: which one starts, its state, and which one ran before. As ESP-IDF has
it, an image starts once; a start without `confirm` in between goes back.
"""

import json
import os

from evencell.storage.files import replace

_PARTITIONS = ("ota_0", "ota_1")
_BYTES = 0x190000  # as in boards/micropython/common/partitions.csv
_BLOCK_BYTES = 4096
_MAGIC = 0xE9  # the first byte of an application
_INVALID = 0x1503  # ESP_ERR_OTA_VALIDATE_FAILED


class Firmware:
    """See esp32_firmware.py."""

    size_bytes = _BYTES

    def __init__(self, folder: str):
        self._folder = folder
        self.running = self._read()["running"]
        self.other = _PARTITIONS[1 - _PARTITIONS.index(self.running)]

    def boot(self):
        """What the boot loader does at each start."""
        found = self._read()
        if found["state"] == "new":
            found["state"] = "pending"
        elif found["state"] == "pending":
            found = {"boot": found["before"], "state": "valid", "before": found["before"]}
        found["running"] = found["boot"]
        self._write(found)

    def write(self, number: int, block: bytearray):
        """See esp32_firmware.py."""
        path = "%s/%s" % (self._folder, self.other)
        with open(path, "r+b" if number else "wb") as file:
            file.seek(number * _BLOCK_BYTES)
            file.write(block)

    def activate(self):
        """See esp32_firmware.py. Of the image its first byte is checked alone."""
        with open("%s/%s" % (self._folder, self.other), "rb") as file:
            if file.read(1) != bytes((_MAGIC,)):
                raise OSError(-_INVALID)
        self._write({"boot": self.other, "state": "new", "before": self.running, "running": self.running})

    def confirm(self):
        """See esp32_firmware.py."""
        found = self._read()
        found["state"] = "valid"
        self._write(found)

    def _read(self) -> dict:
        try:
            with open(self._folder + "/otadata") as file:
                return json.load(file)
        except OSError:
            return {"boot": _PARTITIONS[0], "state": "valid", "before": _PARTITIONS[0], "running": _PARTITIONS[0]}

    def _write(self, found: dict):
        try:
            os.mkdir(self._folder)
        except OSError:
            pass  # it is there
        replace(self._folder + "/otadata", json.dumps(found))
