"""The outbox's area in RTC memory: CRC-32 of all behind it, bytes of a record, number of records, then the records."""

import struct
from binascii import crc32

from evencell.compat import const

AREA_BYTES = const(1024)
RECORDS_AT = const(8)


def count_in(area, record_bytes: int) -> int:
    """How many records of this size the area holds; 0 where it is damaged, or holds others."""
    crc, size, count = struct.unpack_from("<IHH", area)
    end = RECORDS_AT + count * size
    if size != record_bytes or end > AREA_BYTES:
        return 0
    return count if crc == crc32(memoryview(area)[4:end]) else 0


def seal(area, record_bytes: int, count: int):
    """Write size, number and CRC of the records that the area holds."""
    struct.pack_into("<HH", area, 4, record_bytes, count)
    struct.pack_into("<I", area, 0, crc32(memoryview(area)[4 : RECORDS_AT + count * record_bytes]))
