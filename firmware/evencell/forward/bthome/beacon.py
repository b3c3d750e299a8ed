"""A reading as a BTHome v2 advertisement, plain or encrypted (https://bthome.io/format, https://bthome.io/encryption).

A legacy advertisement holds 31 bytes. Temperature, lowest cell, highest cell, pack and a flag for problems have room;
the delta is a difference of two of them. Encrypted, a counter of its own takes the place of the packet id.
"""

import struct

from evencell.compat import const
from evencell.forward.bthome.ccm import encrypt

_FLAGS = b"\x02\x01\x06"  # discoverable, without classic Bluetooth
_SERVICE_DATA = const(0x16)
_UUID = b"\xd2\xfc"
_VERSION_2 = const(0x40)
_ENCRYPTED = const(0x01)
_IRREGULAR = const(0x04)  # silence says nothing about a device that sleeps
_PACKET_ID = const(0x00)
_TEMPERATURE = const(0x02)  # 0.01 °C, signed
_MILLIVOLTS = const(0x0C)
_PROBLEM = const(0x26)
_TENTHS_OF_A_VOLT = const(0x4A)
_MOST_MV = const(65_535)


def objects_of(status, has_problem: bool) -> bytes:
    """What of a reading (None: there is none) an advertisement holds, in ascending order of the objects' ids.

    Receivers number the voltages in this order: 1 is the lowest cell, 2 the highest, 3 the pack.
    """
    problem = bytes((_PROBLEM, has_problem))
    if status is None or not status.lowest_cell:
        return problem
    objects = b""
    if status.temperature_dc is not None:
        objects = struct.pack("<Bh", _TEMPERATURE, 10 * status.temperature_dc)
    for cell in (status.lowest_cell, status.highest_cell):
        objects += struct.pack("<BH", _MILLIVOLTS, status.cells_mv[cell - 1])
    if status.pack_mv <= _MOST_MV:
        return objects + struct.pack("<BH", _MILLIVOLTS, status.pack_mv) + problem
    return objects + problem + struct.pack("<BH", _TENTHS_OF_A_VOLT, (status.pack_mv + 50) // 100)


def plain(objects: bytes, number: int, is_asleep: bool) -> bytes:
    """The advertisement. `number`: of the reading, by which receivers tell repetitions."""
    return _advertisement(bytes((_info(is_asleep), _PACKET_ID, number & 0xFF)) + objects)


def encrypted(objects: bytes, key: bytes, address: bytes, counter: int, is_asleep: bool) -> bytes:
    """The advertisement under the key that Home Assistant calls bind key. `address`: of the sender, 6 bytes.

    `counter`: never the same twice (counter.py).
    """
    info = bytes((_info(is_asleep) | _ENCRYPTED,))
    number = struct.pack("<I", counter)
    text, check = encrypt(key, address + _UUID + info + number, objects)
    return _advertisement(info + text + number + check)


def _info(is_asleep: bool) -> int:
    return _VERSION_2 | _IRREGULAR if is_asleep else _VERSION_2


def _advertisement(service_data: bytes) -> bytes:
    return _FLAGS + bytes((len(_UUID) + 1 + len(service_data), _SERVICE_DATA)) + _UUID + service_data
