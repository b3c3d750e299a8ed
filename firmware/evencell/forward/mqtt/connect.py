"""Logging in to a broker: CONNECT, CONNACK and SUBSCRIBE of MQTT 3.1.1. Loaded on demand.

Source: OASIS MQTT Version 3.1.1; comments cite its sections.
"""

import asyncio
import struct

from evencell.compat import wait_for_ms
from evencell.forward.mqtt.packets import NOT_MQTT, MqttError, put_header

_REFUSALS = (
    "MQTT 3.1.1 is not supported",
    "client id not allowed",
    "broker not available",
    "wrong user or password",
    "wrong user or password, or not authorized",  # mosquitto's answer to a wrong password
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


async def log_in(wire, address: tuple, login: tuple, timeout_ms: int, write, read) -> bool:
    """Connect `wire` to `address`, send the CONNECT packet of `login`; whether the broker has kept the session (3.2).

    Raises OSError or MqttError within that time.
    """
    try:
        return await wait_for_ms(_exchange(wire, address, connect_packet(*login), write, read), timeout_ms)
    except asyncio.TimeoutError:
        raise MqttError("timed out: no answer from the broker")
    except ValueError as error:  # a certificate that was not accepted, on either interpreter
        raise MqttError("TLS failed: " + str(error).strip())


async def _exchange(wire, address: tuple, packet: bytes, write, read) -> bool:
    await wire.open(*address)
    await write(memoryview(packet))
    answer = await read(4)
    if answer[:2] != b"\x20\x02":
        raise MqttError(NOT_MQTT)
    if answer[3]:
        raise MqttError(_refusal(answer[3], address))
    return bool(answer[2])


def subscribe_packet(packet_id: int, topic: str, qos: int) -> bytes:
    """A SUBSCRIBE to one topic filter (3.8)."""
    return _packet(0x82, struct.pack(">H", packet_id) + _field(topic) + bytes((qos,)))


def _refusal(code: int, address: tuple) -> str:
    """The meaning of a return code of CONNACK, from 1 on (3.2.2.3)."""
    if code > len(_REFUSALS):
        return NOT_MQTT
    return "connection refused by %s:%d: %s" % (address[0], address[1], _REFUSALS[code - 1])


def _field(value: "str | bytes") -> bytes:
    """`value` behind its length in two bytes (1.5.3)."""
    data = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(data)) + data


def _packet(first: int, body: bytes) -> bytes:
    header = bytearray(5)
    return bytes(header[: put_header(header, first, len(body))]) + body
