"""An image of evencell's own firmware, as far as tools look at it: made up, in the form that esptool itself writes.

The description of the application is ESP-IDF's esp_app_desc_t, the partition table that of boards/micropython.
"""

import struct

from esptool import bin_image
from esptool.targets import CHIP_DEFS

from evencell import __version__
from host_tests.build.chip_image import entry, image
from tools.build.frozen import MARK
from tools.release import firmware

_CLASSES = {"esp32": "ESP32", "esp32c3": "ESP32C3", "esp32s3": "ESP32S3"}
_DROM = {"esp32": 0x3F400020, "esp32c3": 0x3C000020, "esp32s3": 0x3C000020}
_TYPES = {"nvs": (1, 2), "otadata": (1, 0), "phy_init": (1, 1), "ota_0": (0, 0x10), "ota_1": (0, 0x11)}


def whole(board: dict, version: str = __version__, size: int = 4096, **changed) -> bytes:
    """What `make firmware` gives for the board. `size`: about that of the application; `changed`: label → offset and
    size of a partition."""
    chip = board["chip"]
    start = CHIP_DEFS[chip].BOOTLOADER_FLASH_OFFSET
    places = {part.label: (part.offset, part.size) for part in firmware.table()} | changed
    entries = [entry(label, *_TYPES[label], *place) for label, place in places.items()]
    made = image(chip).ljust(0x8000 - start, b"\xff") + b"".join(entries)
    return made.ljust(0x10000 - start, b"\xff") + application(board, version, size)


def application(board: dict, version: str = __version__, size: int = 4096) -> bytes:
    """An application: description, mark, checksum and digest."""
    described = struct.pack("<II8s32s32s", 0xABCD5432, 0, b"", f"evencell {version}".encode(), b"").ljust(256, b"\0")
    marked = described + MARK.format(version=version, board=board["name"]).encode()
    made = getattr(bin_image, _CLASSES[board["chip"]] + "FirmwareImage")()
    made.segments = [bin_image.ELFSection(b".rodata", _DROM[board["chip"]], marked.ljust(size, b"\0"), 0)]
    return made.save(None)
