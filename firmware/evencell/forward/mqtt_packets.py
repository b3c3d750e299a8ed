"""The packets of MQTT 3.1.1 that a client sends. Source: OASIS MQTT Version 3.1.1; comments cite its sections."""

import struct


def _field(value: "str | bytes") -> bytes:
    """`value` behind its length in two bytes (1.5.3)."""
    data = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(data)) + data


def _put_header(buffer: bytearray, first: int, length: int) -> int:
    """Write a fixed header (2.2) to the start of `buffer`; returns its size, 2 to 5 bytes."""
    buffer[0] = first
    size = 1
    while length > 127:
        buffer[size] = length & 127 | 128
        length >>= 7
        size += 1
    buffer[size] = length
    return size + 1


def _packet(first: int, body: bytes) -> bytes:
    header = bytearray(5)
    return bytes(header[: _put_header(header, first, len(body))]) + body


def connect_packet(client_id, user, password, will, keepalive_s, clean) -> bytes:
    """A CONNECT (3.1); `will` is None or (topic, payload, qos, retain)."""
    flags = 2 if clean else 0
    fields = [client_id]
    if will:
        topic, payload, qos, retain = will
        flags |= 4 | qos << 3 | (32 if retain else 0)
        fields += [topic, payload]
    if user is not None:
        flags |= 128
        fields.append(user)
        if password is not None:
            flags |= 64
            fields.append(password)
    body = b"\x00\x04MQTT\x04" + struct.pack(">BH", flags, keepalive_s)
    return _packet(0x10, body + b"".join([_field(value) for value in fields]))


def publish_header(topic: str, payload_bytes: int, packet_id: int, retain: bool) -> memoryview:
    """A PUBLISH up to its payload (3.3); packet id 0 means QoS 0."""
    name = topic.encode()
    length = 2 + len(name) + (2 if packet_id else 0) + payload_bytes
    buffer = bytearray(9 + len(name))
    size = _put_header(buffer, 0x30 | (2 if packet_id else 0) | (1 if retain else 0), length)
    struct.pack_into(">H", buffer, size, len(name))
    size += 2
    buffer[size : size + len(name)] = name
    size += len(name)
    if packet_id:
        struct.pack_into(">H", buffer, size, packet_id)
        size += 2
    return memoryview(buffer)[:size]


def subscribe_packet(packet_id: int, topic: str, qos: int) -> bytes:
    """A SUBSCRIBE to one topic filter (3.8)."""
    return _packet(0x82, struct.pack(">H", packet_id) + _field(topic) + bytes((qos,)))
