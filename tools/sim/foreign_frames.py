"""Frames of other protocols that turn up on such a line. Made up: the layouts are documented, the values are not real.

- JK BMS: the maker's RS485/TTL protocol V2.5 (www.jk-bms.com, as explained in jblance/powermon, "JKSERIAL").
- Modbus RTU: *MODBUS over Serial Line* V1.02 and *Application Protocol* V1.1b3 (modbus.org).
- JK Bluetooth: owners' notes on the "JK02" frames (syssi/esphome-jk-bms, protocol-design-ble.md).
"""

import struct

_CELLS_MV = (3301, 3302, 3299, 3300)
_BLUETOOTH_BYTES = 300
_MODBUS_POLYNOMIAL = 0xA001


def _jk_bms() -> bytes:
    """The answer to "read all": cells, three temperatures, pack voltage, current, state of charge."""
    cells = b"".join(struct.pack(">BH", number, voltage_mv) for number, voltage_mv in enumerate(_CELLS_MV, 1))
    temperatures = struct.pack(">BHBHBH", 0x80, 24, 0x81, 22, 0x82, 22)
    totals = struct.pack(">BHBHBB", 0x83, sum(_CELLS_MV) // 10, 0x84, 0, 0x85, 80)
    data = bytes([0x79, len(cells)]) + cells + temperatures + totals
    # Terminal number; command "read all", from the BMS, a reply; data; record number; end byte.
    body = bytes(4) + b"\x06\x00\x01" + data + bytes(4) + b"\x68"
    frame = b"\x4e\x57" + struct.pack(">H", 2 + len(body) + 4) + body
    return frame + struct.pack(">I", sum(frame) & 0xFFFF)


def _modbus() -> bytes:
    """Slave 1's answer to "read holding registers": four of them."""
    frame = struct.pack(">BBB4H", 1, 3, 2 * len(_CELLS_MV), *_CELLS_MV)
    return frame + struct.pack("<H", modbus_crc(frame))


def modbus_crc(data: bytes) -> int:
    """CRC-16 as Modbus has it, sent low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (_MODBUS_POLYNOMIAL if crc & 1 else 0)
    return crc


def _jk_bluetooth() -> bytes:
    """A "cell info" frame: record type 2, a counter, cells, which of them there are, average and delta; a sum last."""
    frame = bytearray(_BLUETOOTH_BYTES)
    frame[:6] = b"\x55\xaa\xeb\x90\x02\x00"
    struct.pack_into("<4H", frame, 6, *_CELLS_MV)
    struct.pack_into("<IHH", frame, 54, 0b1111, sum(_CELLS_MV) // len(_CELLS_MV), max(_CELLS_MV) - min(_CELLS_MV))
    frame[-1] = sum(frame) & 0xFF
    return bytes(frame)


FOREIGN_FRAMES = {"jk_bms": _jk_bms(), "modbus": _modbus(), "jk_bluetooth": _jk_bluetooth()}
