"""Reads images of evencell's own firmware (docs/firmware.md): whose they are, and whether they fit their partitions.

A whole image is what lies on the flash from the boot loader on. Sources, ESP-IDF v5.5.2: esp_image_header_t
(components/bootloader_support/include/esp_app_format.h), esp_app_desc_t (components/esp_app_format/include/
esp_app_desc.h), the partition table (components/partition_table/gen_esp32part.py).
"""

import re
import struct
from dataclasses import dataclass
from pathlib import Path

from tools.build.partitions import TABLE_OFFSET

PRODUCT = "evencell"  # the version field of the application begins with it
_MARK = re.compile(rb"evencell firmware (\S+) for ([a-z0-9_]+)")  # tools/build/frozen.py
_IMAGE_MAGIC = 0xE9
_CHIP_ID_OFFSET = 12
_CHIPS = {0: ("esp32", 0x1000), 5: ("esp32c3", 0), 9: ("esp32s3", 0)}  # id: name, offset of the boot loader
_ENTRY = struct.Struct("<2sBBII16sI")
_ENTRY_MAGIC = b"\xaa\x50"
_APPLICATION = 0
_DESCRIPTION_OFFSET = 0x20  # behind the headers of the image and of its first segment
_DESCRIPTION = struct.Struct("<II8s32s32s")  # magic, secure version, reserved, version, project
_DESCRIPTION_MAGIC = 0xABCD5432


@dataclass(frozen=True)
class Partition:
    """An entry of the partition table."""

    label: str
    is_application: bool
    offset: int
    size: int


@dataclass(frozen=True)
class EvencellFirmware:
    """`start`: address on the flash of its first byte; `application`: its partition of the two."""

    chip: str
    version: str
    board: str
    start: int
    partitions: tuple[Partition, ...]
    application: Partition


def is_evencell_firmware(path: Path) -> bool:
    """Whether the file is a whole image of evencell's own firmware, to be flashed as it is."""
    return read(path) is not None


def read(path: Path) -> EvencellFirmware | None:
    """What the file holds; None where it is anything else. Raises OSError where it can't be read."""
    content = path.read_bytes()
    chip = chip_of(content)
    if chip is None:
        return None
    name, start = chip
    partitions = tuple(partitions_of(content, start))
    application = next((entry for entry in partitions if entry.is_application), None)
    if application is None:
        return None
    image = content[application.offset - start :]
    mark = _MARK.search(image)
    if mark is None or not version_of(image).startswith(PRODUCT):
        return None
    return EvencellFirmware(name, mark.group(1).decode(), mark.group(2).decode(), start, partitions, application)


def chip_of(image: bytes) -> tuple[str, int] | None:
    """The chip that an image is for, and where on its flash the boot loader is; None for any other file."""
    if len(image) < _CHIP_ID_OFFSET + 2 or image[0] != _IMAGE_MAGIC:
        return None
    return _CHIPS.get(int.from_bytes(image[_CHIP_ID_OFFSET : _CHIP_ID_OFFSET + 2], "little"))


def partitions_of(content: bytes, start: int):
    """The entries of the partition table in a whole image that begins at the address `start`."""
    at = TABLE_OFFSET - start
    while content[at : at + 2] == _ENTRY_MAGIC and at + _ENTRY.size <= len(content):
        _, kind, _, offset, size, label, _ = _ENTRY.unpack_from(content, at)
        yield Partition(label.rstrip(b"\0").decode("ascii", "replace"), kind == _APPLICATION, offset, size)
        at += _ENTRY.size


def version_of(image: bytes) -> str:
    """The version in the description of an application, empty where there is none."""
    if len(image) < _DESCRIPTION_OFFSET + _DESCRIPTION.size:
        return ""
    magic, _, _, version, _ = _DESCRIPTION.unpack_from(image, _DESCRIPTION_OFFSET)
    return version.rstrip(b"\0").decode("ascii", "replace") if magic == _DESCRIPTION_MAGIC else ""
