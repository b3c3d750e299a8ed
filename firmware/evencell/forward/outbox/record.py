"""Record of the outbox: one reading as the balancer sent it, in 28 bytes and two for each cell.

RTC memory holds records in an area: CRC-32 of all behind it, bytes of a record, number of records, then the records.
"""

import struct
from binascii import crc32

from evencell.compat import const

# Flags, pack, run, time, sequence (these are KEY), then what the balancer sent; the cells follow.
KEY = "<BHHII"
FORMAT = "<BHHIIHBBBBHHHBh"
HEAD_BYTES = const(28)
FEW_CELLS = const(4)  # a record has room for these, or for CELL_SLOTS

DATED = const(1)  # flag: the time is UNIX seconds, else the uptime of that run
# Flags: it stands for several readings …
LOWEST = const(2)
MEAN = const(4)
HIGHEST = const(6)
HOUR = const(8)  # … of an hour, else of a minute
NOT_DUE = const(64)  # flag, never on the flash: within the deadbands, for the time series database alone
# 128 is free: earlier firmware set it in RTC memory.

AREA_BYTES = const(1024)
RECORDS_AT = const(8)


def encode(buffer, at: int, cells: int, tag: int, run_id: int, pack, time_s: int | None, flags: int):
    """Write the accepted reading of `pack` to `buffer[at]`, with its uptime where the time is unknown.

    `tag`: of the pack (`tag_of`).
    """
    status = pack.accepted
    if time_s is None:
        time_s = pack.read_ms // 1000
    else:
        flags |= DATED
    values = (
        status.pack_mv // 10,
        status.cells_detected,
        status.cells_configured,
        status.balance_raw,
        status.alarms_raw,
        status.balance_ma,
        status.trigger_mv,
        status.max_balance_ma,
        status.balancing_raw,
        status.temperature_raw,
    )
    struct.pack_into(FORMAT, buffer, at, flags, tag, run_id, time_s, pack.sequence, *values)
    struct.pack_into("<%dH" % cells, buffer, at + HEAD_BYTES, *status.cells_mv[:cells])


def tag_of(name: str) -> int:
    """Identify a pack by its name, since its place in the configuration may change."""
    return crc32(name.encode()) & 0xFFFF


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
