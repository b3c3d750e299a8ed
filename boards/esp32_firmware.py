"""Application partitions of an ESP32 (docs/firmware.md). Lazy.

Unproven on a board. Source: MicroPython's ports/esp32/esp32_partition.c, ESP-IDF's components/app_update/esp_ota_ops.c.
"""

import sys

from esp32 import Partition

_SIZE, _LABEL = 3, 4  # of Partition.info()


class Firmware:
    """`running` and `other`: labels of the partitions; `other` is None where evencell is not part of the firmware.

    `size_bytes`: room in the other one, which `write` fills and `activate` lets start.
    """

    def __init__(self):
        self.running = self.other = None
        self.size_bytes = 0
        if sys.path[0] != ".frozen":  # as frozen_boot.py sets it: else the firmware is MicroPython's own
            return
        running = Partition(Partition.RUNNING)  # pyright: ignore[reportArgumentType] (the stubs know names alone)
        self.running = running.info()[_LABEL]
        try:
            info = running.get_next_update().info()
        except OSError:
            return  # there is no other
        if info[_LABEL] != self.running:
            self._other = running.get_next_update()
            self.other, self.size_bytes = info[_LABEL], info[_SIZE]

    def write(self, number: int, block: bytearray):
        """Erase a block of 4,096 bytes in the other partition, and write it."""
        self._other.writeblocks(number, block)

    def activate(self):
        """Let the boot loader start the other one, once; raises OSError where that is no whole image for this chip.

        `confirm` must not follow: it marks the partition that starts next, not the one that runs.
        """
        self._other.set_boot()

    def confirm(self):
        """Mark this image as valid for the boot loader; a sole image needs no mark."""
        try:
            Partition.mark_app_valid_cancel_rollback()
        except OSError:
            pass
