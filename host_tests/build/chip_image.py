"""A MicroPython for a chip, as far as the build looks at it. No real one is here: boot loader and application are made
up, in the form that esptool itself writes and reads; the partition table is that of MicroPython's own sources."""

import struct

from esptool import bin_image
from esptool.targets import CHIP_DEFS

FACTORY = ("factory", 0, 0, 0x10000, 0x1F0000)
VFS = ("vfs", 1, 0x81, 0x200000, 0x200000)
_NVS = ("nvs", 1, 2, 0x9000, 0x6000)
_CLASSES = {"esp32": "ESP32", "esp32c3": "ESP32C3", "esp32s3": "ESP32S3"}
_RAM = {"esp32": 0x3FFF0018, "esp32c3": 0x3FCD5820, "esp32s3": 0x3FCE3818}


def micropython(chip: str = "esp32", partitions=(FACTORY, VFS)) -> bytes:
    """What lies on the flash from the boot loader's address on."""
    boot_loader = image(chip)
    start = CHIP_DEFS[chip].BOOTLOADER_FLASH_OFFSET
    table = b"".join(entry(*partition) for partition in (_NVS, *partitions))
    return (boot_loader.ljust(0x8000 - start, b"\xff") + table).ljust(0x10000 - start, b"\xff") + image(chip)


def image(chip: str) -> bytes:
    """One image with a valid header, checksum and digest."""
    made = getattr(bin_image, _CLASSES[chip] + "FirmwareImage")()
    made.segments = [bin_image.ELFSection(b".dram0", _RAM[chip], bytes(range(256)), 0)]
    return made.save(None)


def entry(label: str, kind: int, subtype: int, offset: int, size: int) -> bytes:
    """32 bytes of a partition table."""
    return struct.pack("<2sBBII16sI", b"\xaa\x50", kind, subtype, offset, size, label.encode(), 0)
