"""Where the file system lies on a chip's flash."""

import struct
from typing import NamedTuple

BLOCK_BYTES = 4096
TABLE_OFFSET = 0x8000
_MIB = 1024 * 1024
_ENTRY = struct.Struct("<2sBBII16sI")  # magic, type, subtype, offset, bytes, label, flags
_MAGIC = b"\xaa\x50"
_APPLICATION = 0


class Partition(NamedTuple):
    """A span of the flash, in bytes."""

    offset: int
    size: int


# Flash of the chip in MiB → MicroPython's partition `vfs`. Source: ports/esp32 of the MicroPython repository. Up to
# 1.25 partitions-4MiB.csv, partitions-8MiB.csv and partitions-16MiB.csv say so. Later versions have
# partitions-4MiBplus.csv instead, without a `vfs`: MicroPython takes what lies behind the application, to the end of
# the flash it finds (ports/esp32/main.c, pull request 17337 of micropython/micropython). Up to 1.25 a build for 4 MiB
# uses no more of a larger flash. So where the firmware is at hand, its own table is read instead: `in_firmware`.
VFS = {
    4: Partition(0x200000, 0x200000),
    8: Partition(0x200000, 0x600000),
    16: Partition(0x200000, 0xE00000),
}


def flash_mb(board: dict) -> int:
    """How large the board's flash is: `flash_mb` in its data, else 4, the least that evencell runs on."""
    return board.get("flash_mb", 4)


def in_firmware(firmware: bytes, bootloader_offset: int, flash_bytes: int) -> Partition | None:
    """The `vfs` of a whole MicroPython (boot loader, table, application); None where it holds no partition table.

    `firmware` is what lies on the flash from `bootloader_offset` on.
    """
    return in_table(firmware[TABLE_OFFSET - bootloader_offset :], flash_bytes)


def in_table(table: bytes, flash_bytes: int) -> Partition | None:
    """The same of a partition table, and whatever is behind it."""
    end = at = 0
    while table[at : at + 2] == _MAGIC and at + _ENTRY.size <= len(table):
        _, kind, _, offset, size, label, _ = _ENTRY.unpack_from(table, at)
        if label.rstrip(b"\0") == b"vfs":
            return Partition(offset, size)
        if kind == _APPLICATION:
            end = max(end, offset + size)
        at += _ENTRY.size
    return Partition(end, flash_bytes - end) if end else None


def mib(count: int) -> int:
    """Bytes of so many MiB."""
    return count * _MIB
