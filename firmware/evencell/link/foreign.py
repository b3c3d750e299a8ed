"""Protocols of other devices on such a bus, recognised by a right checksum (docs/line.md).

Sources of the layouts and checksums:

- JK BMS: syssi/esphome-jk-bms, docs/protocol-design-uart-ttl-gps-port.md and components/jk_modbus; JK's Bluetooth
  frames, which the PB series sends on its RS485 too: components/jk_bms_ble.
- NEEY, Heltec: syssi/esphome-jk-bms, components/heltec_balancer_ble (sum in model EK, XOR in model GW).
- Daly: dreadnought/python-daly-bms; the newer frames: syssi/esphome-daly-bms.
- JBD: syssi/esphome-jbd-bms. ANT: syssi/esphome-ant-bms. Modbus RTU: *MODBUS over Serial Line* V1.02 (modbus.org).
- Pylontech, Pace, Seplos: syssi/esphome-seplos-bms and syssi/esphome-pace-bms.
"""

from evencell.compat import const
from evencell.protocol.jk_balancer import ANSWER_HEADER

_ANY = const(0x3F)  # "?" in a header: any byte

# Kinds of checksum.
_SUM8 = const(0)
_XOR8 = const(1)
_SUM16 = const(2)  # big-endian
_NEGATIVE_SUM16 = const(3)  # big-endian
_CRC16 = const(4)  # Modbus's, little-endian

# Name; header; offset and size of the length field (negative: little-endian; 0: none), the constant added to it;
# kind of checksum, offset of its first byte, the bytes after it.
_PROTOCOLS = (
    ("JK BMS", b"NW", 2, 2, 2, _SUM16, 0, b""),
    ("JK BMS of the PB series, or JK's Bluetooth side", b"\x55\xaa\xeb\x90", 0, 0, 300, _SUM8, 0, b""),
    ("JK's Bluetooth side", b"\xaa\x55\x90\xeb", 0, 0, 20, _SUM8, 0, b""),
    ("NEEY or Heltec balancer", b"\x55\xaa\x11", 6, -2, 0, _SUM8, 0, b"\xff"),
    ("NEEY or Heltec balancer", b"\x55\xaa\x11", 6, -2, 0, _XOR8, 0, b"\xff"),
    ("NEEY or Heltec balancer", b"\xaa\x55\x11", 0, 0, 20, _SUM8, 0, b"\xff"),
    ("NEEY or Heltec balancer", b"\xaa\x55\x11", 0, 0, 20, _XOR8, 0, b"\xff"),
    ("Daly BMS", b"\xa5??\x08", 0, 0, 13, _SUM8, 0, b""),
    ("Daly BMS", b"\xd2\x03", 2, 1, 5, _CRC16, 0, b""),
    ("Daly BMS", b"\xd2\x03", 0, 0, 8, _CRC16, 0, b""),
    ("JBD BMS", b"\xdd", 3, 1, 7, _NEGATIVE_SUM16, 2, b"\x77"),
    ("ANT BMS", b"\x7e\xa1", 5, 1, 10, _CRC16, 1, b"\xaa\x55"),
    ("ANT BMS", b"\x7e\xa1", 0, 0, 10, _CRC16, 1, b"\xaa\x55"),
    ("ANT BMS", b"\xaa\x55\xaa\xff", 0, 0, 140, _SUM16, 4, b""),
)
MODBUS = "Modbus RTU"
_ASCII = "BMS with the ASCII protocol of Pylontech, Pace or Seplos"
_MIN_BYTES = const(5)  # of a frame; of less, a right checksum is no evidence
_TILDE = const(0x7E)
_CR = const(0x0D)


def examine(data, start: int, end: int) -> tuple[str, int]:
    """Name of the protocol in `data[start:end]` (as `identify`), and the evidence for one without a name.

    Evidence -1: none; 0 to 255: a right checksum of 8 bits at the end, and its value; 256: a right one of 16 bits.
    """
    name = identify(data, start, end)
    if name or end > len(data) or ANSWER_HEADER in bytes(data[start:end]):
        return name, -1
    bits = checksum_bits(data, start, end)
    return "", 256 if bits == 16 else data[end - 1] if bits else -1


def identify(data, start: int, received: int) -> str:
    """Name of the protocol whose frame is in `received` bytes, of which `data` has the first; empty if there is none.

    A frame longer than `data` is recognised by its header and length field alone.
    """
    end = min(received, len(data))
    for at in range(start, end):
        name, length = frame_at(data, at, end)
        if name and (name != MODBUS or at == start or at + length == end):  # almost any byte is a header of Modbus
            return name
    if received > end:
        for protocol in _PROTOCOLS:
            name, header, length_at, length_bytes, more = protocol[:5]
            if len(header) > 1 and _has_header(data, start, end, header):
                length = _number(data, start + length_at, length_bytes) + more
                if end - start < length <= received - start:
                    return name
    return ""


def frame_at(data, at: int, end: int) -> tuple[str, int]:
    """Name and length of the frame of another protocol at `data[at]`, its checksum right; ("", 0) if there is none."""
    for name, header, length_at, length_bytes, more, kind, counted, tail in _PROTOCOLS:
        if not _has_header(data, at, end, header) or at + length_at + abs(length_bytes) > end:
            continue
        length = _number(data, at + length_at, length_bytes) + more
        last = at + length - len(tail)
        if length < _MIN_BYTES or at + length > end or not _has_header(data, last, end, tail):
            continue
        if _is_right(data, at + counted, last, kind):
            return name, length
    length = _ascii_bytes(data, at, end)
    if length:
        return _ASCII, length
    length = _modbus_bytes(data, at, end)
    return (MODBUS, length) if length else ("", 0)


def protocol_of_header(data) -> str:
    """Name of the protocol whose header, of two bytes at least, `data` begins with; empty if there is none."""
    for name, header, *_ in _PROTOCOLS:
        if len(header) > 1 and _has_header(data, 0, len(data), header):
            return name
    return ""


def checksum_bits(data, start: int, end: int) -> int:
    """Size of the right checksum at the end of `data[start:end]`, 16 or 8 bits; 0 if there is none.

    One of 8 bits is right by chance in 1 of 128 cases.
    """
    if end - start < _MIN_BYTES or not any(data[i] != data[start] for i in range(start, end)):
        return 0
    total = _sum(data, start, end - 2) & 0xFFFF
    for size in (2, -2):
        if total and _number(data, end - 2, size) in (total, 0x10000 - total, crc16(data, start, end - 2)):
            return 16
    return 8 if _is_right(data, start, end, _SUM8) or _is_right(data, start, end, _XOR8) else 0


def crc16(data, start: int, end: int) -> int:
    """CRC-16 (Modbus) of `data[start:end]`."""
    crc = 0xFFFF
    for i in range(start, end):
        crc ^= data[i]
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc


def _is_right(data, start: int, end: int, kind: int) -> bool:
    """Whether the checksum that ends before `data[end]` is that of the bytes from `start` on."""
    if kind == _SUM8:
        return end > start and data[end - 1] == _sum(data, start, end - 1) & 0xFF
    if kind == _XOR8:
        total = 0
        for i in range(start, end):
            total ^= data[i]
        return total == 0
    if end - 2 < start:
        return False
    if kind == _CRC16:
        return _number(data, end - 2, -2) == crc16(data, start, end - 2)
    total = _sum(data, start, end - 2)
    return _number(data, end - 2, 2) == (-total if kind == _NEGATIVE_SUM16 else total) & 0xFFFF


def _sum(data, start: int, end: int) -> int:
    total = 0
    for i in range(start, end):
        total += data[i]
    return total


def _number(data, at: int, size: int) -> int:
    """The unsigned number of `size` bytes at `data[at]`, little-endian if `size` is negative."""
    number = 0
    for i in range(abs(size)):
        number = number << 8 | data[at + i if size > 0 else at - size - 1 - i]
    return number


def _has_header(data, at: int, end: int, header: bytes) -> bool:
    if at + len(header) > end:
        return False
    for i in range(len(header)):
        if header[i] != data[at + i] and header[i] != _ANY:
            return False
    return True


def _modbus_bytes(data, at: int, end: int) -> int:
    """Length of the Modbus request or answer at `data[at]`; 0 if there is none."""
    if at + _MIN_BYTES > end:
        return 0
    function = data[at + 1] & 0x7F
    if not 1 <= function <= 6 and function not in (15, 16):
        return 0
    lengths = (8, data[at + 2] + 5 if function <= 4 else data[at + 6] + 9 if function > 6 and at + 6 < end else 0)
    for length in (5,) if data[at + 1] & 0x80 else lengths:
        if _MIN_BYTES <= length <= end - at and _is_right(data, at, at + length, _CRC16):
            return length
    return 0


def _ascii_bytes(data, at: int, end: int) -> int:
    """Length of the frame of hexadecimal digits between `~` and a carriage return; 0 if there is none."""
    if at >= end or data[at] != _TILDE:
        return 0
    last = at + 1
    while last < end and (0x30 <= data[last] <= 0x39 or 0x41 <= data[last] <= 0x46):
        last += 1
    if last == end or data[last] != _CR or last - at < 13:
        return 0
    expected = 0
    for i in range(last - 4, last):
        expected = expected << 4 | (data[i] - 0x30 if data[i] <= 0x39 else data[i] - 0x37)
    return last + 1 - at if expected == -_sum(data, at + 1, last - 4) & 0xFFFF else 0
