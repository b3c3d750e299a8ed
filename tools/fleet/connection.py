"""One MQTT connection of a simulated device: the firmware's packets, on an asyncio protocol of which thousands fit.

The firmware's own client polls for answers every 10 ms. That suits one device, not a thousand in a process.
Source: OASIS MQTT Version 3.1.1.
"""

import asyncio
import ssl
from collections.abc import Callable

from evencell.forward.mqtt.connect import connect_packet, subscribe_packet
from evencell.forward.mqtt.packets import publish_header

ANSWER_S = 10.0  # as in the firmware: no wait takes longer
KEEPALIVE_S = 30
PING_S = 0.75 * KEEPALIVE_S

_CONNACK, _PUBLISH, _PUBACK, _SUBACK, _PINGRESP = "CONNACK", "PUBLISH", "PUBACK", "SUBACK", "PINGRESP"
_KINDS = {2: _CONNACK, 3: _PUBLISH, 4: _PUBACK, 9: _SUBACK, 13: _PINGRESP}
_PINGREQ, _DISCONNECT = b"\xc0\x00", b"\xe0\x00"
_REFUSED = {
    1: "the broker does not support MQTT 3.1.1",
    2: "the broker refuses this client id",
    3: "the broker is out of service",
    4: "bad user name or password",
    5: "bad user name or password, or not allowed to connect",
}

OnMessage = Callable[[str, bytes, bool], None]


class Refused(OSError):
    """The broker refused the connection or the subscription."""


class Traffic:
    """What went over the wire, counted for all connections that share it: bytes of MQTT, without TLS, TCP and IP."""

    def __init__(self):
        self.bytes_out = self.bytes_in = self.packets_out = self.packets_in = 0
        self.published = self.acknowledged = 0


class Connection(asyncio.Protocol):
    """Open from `open_connection` on until `ended` is done; calls `on_message(topic, payload, retained)`."""

    def __init__(self, traffic: Traffic, on_message: OnMessage | None):
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._traffic = traffic
        self._on_message = on_message
        self._buffer = bytearray()
        self._waiting: dict[object, asyncio.Future[int]] = {}
        self._packet_id = 0
        self._transport: asyncio.WriteTransport

    @property
    def is_open(self) -> bool:
        """Whether it makes sense to send."""
        return not self._transport.is_closing()

    async def log_in(self, packet: bytes):
        """Send the CONNECT; raises Refused, or OSError where no answer comes."""
        code = await self._ask(_CONNACK, packet)
        if code:
            raise Refused(_REFUSED.get(code, f"the broker refuses the connection with code {code}"))

    def send(self, topic: str, payload: bytes, *, packet_id: int = 0, retain: bool = False):
        """Publish without waiting; QoS 1 with a packet id. Raises OSError where the connection has ended."""
        self._write(bytes(publish_header(topic, len(payload), packet_id, retain)) + payload)
        self._traffic.published += 1

    async def publish(self, topic: str, payload, qos=0, retain=False, payload_bytes: int | None = None):
        """As the firmware's client: bytes, or pieces of so many bytes in all. With QoS 1 returns when acknowledged."""
        whole = payload if payload_bytes is None else b"".join(payload)
        packet_id = self._next_id() if qos else 0
        answer = self._expect(packet_id)
        self.send(topic, whole, packet_id=packet_id, retain=retain)
        if packet_id:
            await self._answered(packet_id, answer)
            self._traffic.acknowledged += 1

    async def subscribe(self, topic: str, qos: int = 1):
        """Raises Refused, or OSError."""
        packet_id = self._next_id()
        if await self._ask(packet_id, subscribe_packet(packet_id, topic, qos)) > 2:
            raise Refused("the broker refuses the subscription")

    async def ping(self):
        """Returns when the broker has answered: it has got everything then that was sent before."""
        await self._ask(_PINGRESP, _PINGREQ)

    def disconnect(self):
        """Send DISCONNECT and close: the broker publishes no will."""
        if self.is_open:
            self._write(_DISCONNECT)
            self._transport.close()

    def abort(self):
        """End it as a power cut does: the broker publishes the will."""
        self._transport.abort()

    def connection_made(self, transport):
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def connection_lost(self, exc):
        error = exc if isinstance(exc, OSError) else ConnectionResetError("the broker closed the connection")
        if not self.ended.done():
            self.ended.set_result(None)
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(error)
                answer.exception()  # the waiting task may be gone

    def data_received(self, data):
        self._traffic.bytes_in += len(data)
        self._buffer += data
        while packet := self._next_packet():
            self._traffic.packets_in += 1
            self._take(*packet)

    def _next_packet(self) -> tuple[int, bytes] | None:
        """First byte and body of the next whole packet (2.2), taken out of the buffer."""
        buffer, length, at = self._buffer, 0, 1
        while at < len(buffer):
            length |= (buffer[at] & 127) << 7 * (at - 1)
            at += 1
            if not buffer[at - 1] & 128:
                break
        else:
            return None
        if len(buffer) < at + length:
            return None
        packet = buffer[0], bytes(buffer[at : at + length])
        del buffer[: at + length]
        return packet

    def _take(self, first: int, body: bytes):
        kind = _KINDS.get(first >> 4)
        if kind == _PUBLISH:
            self._deliver(first, body)
        elif kind in (_PUBACK, _SUBACK):
            self._settle(body[0] << 8 | body[1], body[2] if kind == _SUBACK else 0)
        elif kind == _CONNACK:
            self._settle(_CONNACK, body[1])
        elif kind == _PINGRESP:
            self._settle(_PINGRESP, 0)

    def _deliver(self, first: int, body: bytes):
        qos = first >> 1 & 3
        start = 2 + (body[0] << 8 | body[1])
        payload = body[start + 2 if qos else start :]
        if self._on_message:
            self._on_message(body[2:start].decode(), payload, bool(first & 1))
        if qos and self.is_open:
            self._write(b"\x40\x02" + body[start : start + 2])

    def _write(self, packet: bytes):
        if not self.is_open:
            raise ConnectionResetError("not connected")
        self._transport.write(packet)
        self._traffic.bytes_out += len(packet)
        self._traffic.packets_out += 1

    def _next_id(self) -> int:
        self._packet_id = self._packet_id % 65535 + 1
        return self._packet_id

    async def _ask(self, key, packet: bytes) -> int:
        answer = self._expect(key)
        self._write(packet)
        return await self._answered(key, answer)

    def _expect(self, key) -> asyncio.Future[int]:
        answer = self._waiting[key] = asyncio.get_running_loop().create_future()
        return answer

    async def _answered(self, key, answer: asyncio.Future[int]) -> int:
        try:
            return await asyncio.wait_for(answer, ANSWER_S)
        except TimeoutError:
            self.abort()
            raise OSError("the broker does not answer") from None
        finally:
            self._waiting.pop(key, None)

    def _settle(self, key, value: int):
        answer = self._waiting.get(key)
        if answer and not answer.done():
            answer.set_result(value)


async def open_connection(
    address: tuple[str, int],
    client_id: str,
    traffic: Traffic,
    *,
    login: tuple[str | None, str | None] = (None, None),
    tls: ssl.SSLContext | None = None,
    will=None,
    clean=True,
    on_message: OnMessage | None = None,
) -> Connection:
    """Connect and log in (user, password); `will` is (topic, payload, qos, retain). Raises OSError."""
    loop = asyncio.get_running_loop()
    opening = loop.create_connection(lambda: Connection(traffic, on_message), *address, ssl=tls)
    try:
        _, connection = await asyncio.wait_for(opening, ANSWER_S)
    except TimeoutError:
        raise OSError("the broker does not answer") from None
    try:
        await connection.log_in(connect_packet(client_id, *login, will, KEEPALIVE_S, clean))
    except BaseException:
        connection.abort()
        raise
    return connection
