"""The RS485 protocol of Jikong's active balancers, "V1.3".

Source: the maker's document *JK-DZ11-B2A24S balancer communication protocol V1.3*, corrected by owners' recordings
(host_tests/captures). That a JK-B2A4S uses the same frame with four cells is assumed, not yet recorded.
"""

from evencell.compat import const
from evencell.protocol.framing import checksum

REQUEST_HEADER = b"\x55\xaa"
ANSWER_HEADER = b"\xeb\x90"
REQUEST_BYTES = const(7)
ANSWER_BYTES = const(74)

READ = const(0xFF)

U8 = const(1)
U16 = const(2)
S16 = const(3)

# The answer to a read: name in the status record, offset, kind, factor to the name's unit.
# The frame_… fields are not from the same instant as the cell list: they serve plausibility checks alone.
STATUS_TABLE = (
    ("pack_mv", 4, U16, 10),
    ("frame_average_mv", 6, U16, 1),
    ("cells_detected", 8, U8, 1),
    ("frame_highest_index", 9, U8, 1),
    ("frame_lowest_index", 10, U8, 1),
    ("balance_raw", 11, U8, 1),
    ("alarms_raw", 12, U8, 1),
    ("frame_delta_mv", 13, U16, 1),
    ("balance_ma", 15, S16, 1),  # unsigned in the document; some balancers send it signed
    ("trigger_mv", 17, U16, 1),
    ("max_balance_ma", 19, U16, 1),
    ("balancing_raw", 21, U8, 1),
    ("cells_configured", 22, U8, 1),
    ("temperature_raw", 71, S16, 1),
)
CELLS_OFFSET = const(23)
CELL_SLOTS = const(24)

# Bits of the two raw bytes above.
CHARGING_LOWEST = const(1)
DISCHARGING_HIGHEST = const(2)
CELL_COUNT_BIT = const(1)  # set in every recording of a healthy unit: never an alarm by itself
WIRE_RESISTANCE_BIT = const(2)
OVERVOLTAGE_BIT = const(4)


def read_request(address: int) -> bytearray:
    """The request for the status of the balancer at `address`."""
    return request(address, READ, 0)


def request(address: int, command: int, value: int) -> bytearray:
    """The request of a command; `value` is not checked."""
    frame = bytearray(REQUEST_BYTES)
    frame[0:2] = REQUEST_HEADER
    frame[2] = address
    frame[3] = command
    frame[4] = value >> 8
    frame[5] = value & 0xFF
    frame[6] = checksum(frame, 0, REQUEST_BYTES - 1)
    return frame


def is_answer(frame, at: int, sent) -> bool:
    """Whether the frame at `frame[at]` answers the request `sent`: same address and command."""
    return frame[at + 2] == sent[2] and frame[at + 3] == sent[3]


def decode_status(frame, at: int, status):
    """Fill `status`, a record with the table's names and `cells_mv`, from the answer at `frame[at]`. Takes no heap."""
    for name, offset, kind, unit in STATUS_TABLE:
        setattr(status, name, number(frame, at + offset, kind) * unit)
    cells_mv = status.cells_mv
    offset = at + CELLS_OFFSET
    for cell in range(CELL_SLOTS):
        cells_mv[cell] = frame[offset] << 8 | frame[offset + 1]
        offset += 2


def number(frame, at: int, kind: int) -> int:
    """The big-endian number of `kind` (U8, U16, S16) at `frame[at]`."""
    if kind == U8:
        return frame[at]
    value = frame[at] << 8 | frame[at + 1]
    if kind == S16 and value > 0x7FFF:
        value -= 0x10000
    return value
