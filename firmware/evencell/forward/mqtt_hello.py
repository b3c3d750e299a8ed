"""The packets that begin a connection with MQTT 3.1.1. In memory only meanwhile.

Source: OASIS MQTT Version 3.1.1; comments cite its sections.
"""

import struct

from evencell.forward.mqtt_packets import NOT_MQTT, put_header

_REFUSALS = (
    "the broker does not speak MQTT 3.1.1",
    "the broker refuses this client id",
    "the broker is out of service",
    "bad user name or password",
    "bad user name or password, or not allowed to connect",  # what mosquitto answers to a wrong password
)


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


def subscribe_packet(packet_id: int, topic: str, qos: int) -> bytes:
    """A SUBSCRIBE to one topic filter (3.8)."""
    return _packet(0x82, struct.pack(">H", packet_id) + _field(topic) + bytes((qos,)))


def refusal(code: int) -> str:
    """What a broker means by this return code of its answer to CONNECT, from 1 on (3.2.2.3)."""
    return _REFUSALS[code - 1] if code <= len(_REFUSALS) else NOT_MQTT


def _field(value: "str | bytes") -> bytes:
    """`value` behind its length in two bytes (1.5.3)."""
    data = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(data)) + data


def _packet(first: int, body: bytes) -> bytes:
    header = bytearray(5)
    return bytes(header[: put_header(header, first, len(body))]) + body
