"""MQTT 3.1.1 on asyncio: QoS 0 and 1, will, retain, subscriptions, keep-alive, TLS.

Every wait has a deadline except two that stop the whole loop on MicroPython: the name look-up, and the arithmetic of
a TLS handshake (a second or two on an ESP32; its certificate check also needs a clock that was set).
Source: OASIS MQTT Version 3.1.1, whose section numbers the comments cite.
"""

import asyncio
import struct

from evencell.compat import const, sleep_ms, ticks_diff, ticks_ms, wait_for_ms
from evencell.forward.mqtt_packets import connect_packet, publish_header, subscribe_packet
from evencell.forward.tcp_wire import Wire

_TICK_MS = const(250)  # so one second of keep-alive is four ticks
_POLL_MS = const(10)
_IN_FLIGHT = const(4)
_CHUNK = const(256)

_REFUSED = (
    "",
    "the broker does not speak MQTT 3.1.1",
    "the broker refuses this client id",
    "the broker is out of service",
    "bad user name or password",
    "bad user name or password, or not allowed to connect",  # what mosquitto answers to a wrong password
)
_NOT_MQTT = "the broker sent something that is not MQTT 3.1.1"
_NOT_CONNECTED = "not connected"


class MqttError(OSError):
    """The broker refused or broke the protocol; `str()` is one sentence for the owner."""


class MqttClient:
    """One connection to a broker; whoever reconnects makes a new client, and closes every one, however it ended.

    `tls` is None or an SSL context, `will` is (topic, payload, qos, retain), `keepalive_s` 1 to 65535.
    `on_message(topic: str, payload: bytes, retained: bool)` is called by the reader, which acknowledges after it
    returned. No wait takes longer than `timeout_ms`. Incoming messages of more than `max_packet` bytes (topic and
    payload) are counted and dropped.
    """

    def __init__(
        self,
        host: str,
        port: int,
        client_id: str,
        *,
        user=None,
        password=None,
        tls=None,
        keepalive_s=30,
        will=None,
        on_message=None,
        clean=True,
        timeout_ms=10_000,
        max_packet=1024,
    ):
        self.connected = self.session_present = False
        self.published = self.received = self.dropped = 0
        self._address = (host, port, tls)
        self._hello = connect_packet(client_id, user, password, will, keepalive_s, clean)
        self._on_message = on_message
        self._timeout_ms = timeout_ms
        self._max_packet = max_packet
        self._ping_ticks = 3 * keepalive_s  # three quarters of the keep-alive
        self._silent_ticks = self._idle_ticks = self._packet_id = 0
        self._acks = {}  # packet id → None, then the return code
        self._lock = asyncio.Lock()
        self._wire = Wire()
        self._reading = self._error = None

    async def connect(self):
        """Connect and log in; from here on messages arrive. Raises OSError or MqttError within `timeout_ms`."""
        try:
            await wait_for_ms(self._handshake(), self._timeout_ms)
        except asyncio.TimeoutError:
            raise MqttError("the broker does not answer")
        except ValueError as error:  # a certificate that was not accepted, on either interpreter
            raise MqttError("no secure connection: " + str(error).strip())
        finally:
            if not self.connected:
                self.close()

    async def run(self):
        """Keep the connection alive until it ends, then raise OSError or MqttError saying why."""
        while self.connected and self._reading and not self._reading.done():
            await sleep_ms(_TICK_MS)
            if self._ping_is_due():
                await self._send(b"\xc0\x00")  # PINGREQ
        if self._reading and self._error is None:
            await self._reading  # raises what `on_message` raised
        raise self._error or MqttError(_NOT_CONNECTED)

    async def publish(self, topic: str, payload, qos=0, retain=False, payload_bytes=None):
        """Send `payload` (bytes-like, or an iterator of pieces that are `payload_bytes` in all); with QoS 1 return when
        the broker has acknowledged it.

        Raises OSError when not connected, when the broker takes no data (which ends the connection) or does not
        acknowledge in time. At most four unacknowledged messages are under way; more wait for their turn.
        """
        packet_id = await self._reserve() if qos else 0
        if payload_bytes is None:
            payload_bytes, payload = len(payload), (payload,)
        try:
            await self._send(publish_header(topic, payload_bytes, packet_id, retain), payload)
            if packet_id:
                await self._acknowledged(packet_id)
        finally:
            self._acks.pop(packet_id, None)
        self.published += 1
        await sleep_ms(0)  # a loop of publishes lets the others run

    async def subscribe(self, topic: str, qos=1):
        """Subscribe to a topic filter; MqttError when the broker refuses, OSError as with `publish`."""
        packet_id = await self._reserve()
        try:
            await self._send(subscribe_packet(packet_id, topic, qos))
            code = await self._acknowledged(packet_id)
        finally:
            self._acks.pop(packet_id, None)
        if code > 2:
            raise MqttError("the broker refuses the subscription")

    def close(self):
        """Say goodbye, if that is possible at once, and close the socket; allowed at any time, also twice."""
        if self.connected and not self._lock.locked():
            try:
                self._wire.write(b"\xe0\x00")  # DISCONNECT
            except OSError:
                pass
        self._end(MqttError(_NOT_CONNECTED))
        if self._reading:
            self._reading.cancel()
        self._wire.close()

    async def _handshake(self):
        await self._wire.open(*self._address)
        await self._write_rest(self._hello, 0)
        self._hello = None
        answer = await self._read(4)
        if answer[:2] != b"\x20\x02" or answer[3] >= len(_REFUSED):
            raise MqttError(_NOT_MQTT)
        if answer[3]:
            raise MqttError(_REFUSED[answer[3]])
        self.session_present = bool(answer[2])
        self.connected = True
        self._reading = asyncio.create_task(self._read_packets())

    def _end(self, error: OSError):
        """The connection is over; the first reason counts."""
        self.connected = False
        if self._error is None:
            self._error = error

    def _ping_is_due(self) -> bool:
        """Count a tick (not a clock: a loop that stood still is no silence of the broker); too many end it all."""
        self._silent_ticks += 1
        self._idle_ticks += 1
        if self._silent_ticks >= 2 * self._ping_ticks:
            self._end(MqttError("the broker stopped answering"))
            return False
        return self._silent_ticks == self._ping_ticks or self._idle_ticks >= self._ping_ticks

    def _pause(self, since_ms: int, problem: str):
        """Awaitable until the next look; MqttError when the connection ended or took too long."""
        # On MicroPython looking again takes no heap, while a `wait_for_ms` takes two tasks.
        if self._error:
            raise MqttError(str(self._error))
        if ticks_diff(ticks_ms(), since_ms) > self._timeout_ms:
            raise MqttError(problem)
        return sleep_ms(_POLL_MS)

    async def _reserve(self) -> int:
        """A packet identifier, as soon as fewer than four wait for their acknowledgement."""
        since_ms = ticks_ms()
        while len(self._acks) >= _IN_FLIGHT:
            await self._pause(since_ms, "the broker does not acknowledge")
        self._packet_id = self._packet_id % 65535 + 1
        self._acks[self._packet_id] = None
        return self._packet_id

    async def _acknowledged(self, packet_id: int) -> int:
        since_ms = ticks_ms()
        while self._acks[packet_id] is None:
            await self._pause(since_ms, "the broker does not acknowledge")
        return self._acks[packet_id]

    async def _send(self, packet, payload=()):
        """Send a packet whose payload is these pieces."""
        await self._lock.acquire()
        if not self.connected:
            self._lock.release()
            raise MqttError(str(self._error or _NOT_CONNECTED))
        try:
            pieces = iter(payload)
            while packet is not None:
                taken = self._wire.write(packet)
                if taken < len(packet):
                    await self._write_rest(packet, taken)
                packet = next(pieces, None)
            self._idle_ticks = 0
        except OSError as error:
            self._end(error)
            raise
        except (asyncio.CancelledError, MemoryError):
            self._end(MqttError("a packet was cut off in the middle"))
            raise
        finally:
            self._lock.release()

    async def _write_rest(self, data, taken: int):
        since_ms = ticks_ms()
        while taken < len(data):
            await self._pause(since_ms, "the broker takes no data")
            taken += self._wire.write(memoryview(data)[taken:])

    async def _read(self, count: int) -> bytes:
        try:
            data = await self._wire.read_exactly(count)
        except EOFError:
            raise MqttError("the broker closed the connection")
        self._silent_ticks = 0
        return data

    async def _read_packets(self):
        try:
            while True:
                await self._read_packet()
        except OSError as error:
            self._end(error)

    async def _read_packet(self):
        first, length = await self._read_header()
        if first >> 4 == 3:
            await self._receive(first, length)
        elif (first, length) in ((0x40, 2), (0x90, 3)):
            body = await self._read(length)
            packet_id = body[0] << 8 | body[1]
            if packet_id in self._acks:
                self._acks[packet_id] = body[length - 1] if length > 2 else 0
        elif (first, length) != (0xD0, 0):
            raise MqttError(_NOT_MQTT)

    async def _read_header(self):
        """(first byte, remaining length) of the next packet (2.2)."""
        first, digit = await self._read(2)
        length, shift = digit & 127, 0
        while digit & 128:
            shift += 7
            if shift > 21:
                raise MqttError(_NOT_MQTT)
            digit = (await self._read(1))[0]
            length |= (digit & 127) << shift
        return first, length

    async def _receive(self, first: int, length: int):
        qos = first >> 1 & 3
        topic_bytes = struct.unpack(">H", await self._read(2))[0]
        payload_bytes = length - 2 - topic_bytes - (2 if qos else 0)
        if qos > 1 or payload_bytes < 0:
            raise MqttError(_NOT_MQTT)
        fits = topic_bytes + payload_bytes <= self._max_packet
        topic = await self._take(topic_bytes, fits)
        packet_id = await self._read(2) if qos else None
        payload = await self._take(payload_bytes, fits)
        if fits:
            self._deliver(topic, payload, first & 1)
        else:
            self.dropped += 1
        if packet_id:
            await self._send(b"\x40\x02" + packet_id)

    async def _take(self, count: int, wanted: bool) -> bytes:
        """The next `count` bytes, or none of them: then they are read in small pieces and forgotten."""
        while count and not wanted:
            count -= len(await self._read(min(count, _CHUNK)))
        return await self._read(count)

    def _deliver(self, topic: bytes, payload: bytes, retained: int):
        try:
            text = str(topic, "utf-8")
        except UnicodeError:
            raise MqttError(_NOT_MQTT)
        self.received += 1
        if self._on_message:
            self._on_message(text, payload, bool(retained))
