"""Packets of MQTT 3.1.1: encodes PUBLISH, decodes what a broker sends once it is connected. CONNECT: connect.py.

Source: OASIS MQTT Version 3.1.1; comments cite its sections.
"""

import struct

from evencell.compat import const

_CHUNK = const(256)

# How old a received message may be: the broker has retained it, or it waited there for a session that was kept.
RETAINED = const(1)
WAITED = const(2)
MAX_COMMAND_BYTES = const(256)
NOT_MQTT = "the answer is not MQTT 3.1.1"


class MqttError(OSError):
    """The broker refused something or broke the protocol; `str()` is one sentence for the owner."""


def put_header(buffer: bytearray, first: int, length: int) -> int:
    """Write a fixed header (2.2) to the start of `buffer`; returns its size, 2 to 5 bytes."""
    buffer[0] = first
    size = 1
    while length > 127:
        buffer[size] = length & 127 | 128
        length >>= 7
        size += 1
    buffer[size] = length
    return size + 1


def publish_header(topic: str, payload_bytes: int, packet_id: int, retain: bool, is_again: bool = False) -> memoryview:
    """A PUBLISH up to its payload (3.3); packet id 0 means QoS 0. `is_again`: a duplicate."""
    name = topic.encode()
    length = 2 + len(name) + (2 if packet_id else 0) + payload_bytes
    buffer = bytearray(9 + len(name))
    flags = (8 if is_again else 0) | (2 if packet_id else 0) | (1 if retain else 0)
    size = put_header(buffer, 0x30 | flags, length)
    struct.pack_into(">H", buffer, size, len(name))
    size += 2
    buffer[size : size + len(name)] = name
    size += len(name)
    if packet_id:
        struct.pack_into(">H", buffer, size, packet_id)
        size += 2
    return memoryview(buffer)[:size]


async def read_packet(read, max_bytes: int) -> tuple:
    """Read the next packet: its first byte, its packet identifier (0 without one), and its content.

    For a PUBLISH that is (topic, payload), or None where they have more than `max_bytes`; for an acknowledgement the
    return code. `await read(count)` reads exactly so many bytes. Raises MqttError.
    """
    first, length = await _read_header(read)
    if first >> 4 == 3:
        packet_id, content = await _read_publish(read, first >> 1 & 3, length, max_bytes)
        return first, packet_id, content
    if (first, length) in ((0x40, 2), (0x90, 3)):  # PUBACK, SUBACK
        body = await read(length)
        return first, body[0] << 8 | body[1], body[2] if length > 2 else 0
    if (first, length) != (0xD0, 0):  # PINGRESP
        raise MqttError(NOT_MQTT)
    return first, 0, None


async def _read_header(read):
    """Read (first byte, remaining length) of the next packet (2.2)."""
    first, digit = await read(2)
    length, shift = digit & 127, 0
    while digit & 128:
        shift += 7
        if shift > 21:
            raise MqttError(NOT_MQTT)
        digit = (await read(1))[0]
        length |= (digit & 127) << shift
    return first, length


async def _read_publish(read, qos: int, length: int, max_bytes: int):
    topic_bytes = await _read_number(read)
    payload_bytes = length - 2 - topic_bytes - (2 if qos else 0)
    if qos > 1 or payload_bytes < 0:
        raise MqttError(NOT_MQTT)
    fits = topic_bytes + payload_bytes <= max_bytes
    topic = await _take(read, topic_bytes, fits)
    packet_id = await _read_number(read) if qos else 0
    payload = await _take(read, payload_bytes, fits)
    try:
        return packet_id, (str(topic, "utf-8"), payload) if fits else None
    except UnicodeError:
        raise MqttError(NOT_MQTT)


async def _read_number(read) -> int:
    data = await read(2)
    return data[0] << 8 | data[1]


async def _take(read, count: int, is_wanted: bool) -> bytes:
    """Read the next `count` bytes, or skip them: then they are read in small pieces and discarded."""
    while count and not is_wanted:
        count -= len(await read(min(count, _CHUNK)))
    return await read(count)
