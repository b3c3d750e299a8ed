"""MQTT 3.1.1 on asyncio: QoS 0 and 1, will, retain, subscriptions, keep-alive, TLS.

Every wait has a deadline except two that stop the whole loop on MicroPython: the name look-up, and the arithmetic of
a TLS handshake (a second or two on an ESP32; its certificate check also needs a clock that was set).
Source: OASIS MQTT Version 3.1.1, whose section numbers the comments cite.
"""

import asyncio

from evencell.compat import const, sleep_ms, ticks_diff, ticks_ms, wait_for_ms
from evencell.forward.mqtt_packets import NOT_MQTT, MqttError, publish_header, read_packet
from evencell.forward.tcp_wire import Wire
from evencell.net.tcp import SendBuffer
from evencell.system.on_demand import call

_TICK_MS = const(250)  # so one second of keep-alive is four ticks
_POLL_MS = const(10)
_IN_FLIGHT = const(4)
_HELLO = "evencell.forward.mqtt_hello"
_NOT_CONNECTED = "not connected"
_NO_ANSWER = "the broker does not acknowledge"


class MqttClient:
    """One connection to a broker; whoever reconnects makes a new client, and closes every one, however it ended.

    `tls` is None or an SSL context, `will` is (topic, payload, qos, retain), `keepalive_s` 1 to 65535.
    `on_message(topic: str, payload: bytes, retained: bool)` is called by the reader, which then acknowledges. No wait
    takes longer than `timeout_ms`. Incoming messages of more than `max_packet` bytes in all are counted and dropped.

    With `lost`, a dict for one client after the other, the broker is asked to keep the session. What was not
    acknowledged is in it, (topic, payload) → packet id: published again, it is the same packet, a duplicate (4.4).
    `buffer`: a SendBuffer for one client after the other.
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
        lost=None,
        timeout_ms=10_000,
        max_packet=1024,
        buffer=None,
    ):
        self.connected = self.session_present = False
        self.published = self.received = self.dropped = self.pings = self.pongs = 0
        self.under_way = None  # topic and bytes of what was begun last and not ended
        self._address = (host, port, tls)
        self._hello = call(_HELLO, "connect_packet", client_id, user, password, will, keepalive_s, lost is None)
        self._on_message, self._lost, self._timeout_ms, self._max_packet = on_message, lost, timeout_ms, max_packet
        self._ping_ticks = 3 * keepalive_s  # three quarters of the keep-alive
        self._silent_ticks = self._idle_ticks = self._last_id = 0
        self._acks = {}  # packet id → None, then the return code
        self._lock, self._wire, self._buffer = asyncio.Lock(), Wire(), buffer or SendBuffer()
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
                await self.ping()
        if self._reading and self._error is None:
            await self._reading  # raises what `on_message` raised
        raise self._error or MqttError(_NOT_CONNECTED)

    async def ping(self):
        """Ask for a sign of life: once `pongs` is what `pings` is now, the broker has all that was sent before."""
        await self._send(b"\xc0\x00")  # PINGREQ
        self.pings += 1

    async def publish(self, topic: str, payload, qos=0, retain=False, payload_bytes=None):
        """Send `payload` (bytes-like, or an iterator of pieces that are `payload_bytes` in all); with QoS 1 return when
        the broker has acknowledged it.

        Raises OSError without a connection, an acknowledgement in time, a broker that takes data (which ends it all).
        """
        message = (topic, payload) if isinstance(payload, bytes) else None
        packet_id, is_again = await self._reserve(message) if qos else (0, False)
        if payload_bytes is None:
            payload_bytes, payload = len(payload), (payload,)
        self.under_way = topic, payload_bytes
        try:
            await self._send(publish_header(topic, payload_bytes, packet_id, retain, is_again), payload)
            if packet_id:
                await self._acknowledged(packet_id)
        finally:
            if self._acks.pop(packet_id, 0) is None and message and self._lost is not None:
                if len(self._lost) >= _IN_FLIGHT:
                    self._lost.clear()
                self._lost[message] = packet_id
        self.published += 1
        self.under_way = None
        await sleep_ms(0)  # a loop of publishes lets the others run

    async def subscribe(self, topic: str, qos=1):
        """Subscribe to a topic filter; MqttError when the broker refuses, OSError as with `publish`."""
        packet_id, _ = await self._reserve(None)
        try:
            await self._send(call(_HELLO, "subscribe_packet", packet_id, topic, qos))
            code = await self._acknowledged(packet_id)
        finally:
            del self._acks[packet_id]
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
        await self._write(memoryview(self._hello))
        self._hello = None
        answer = await self._read(4)
        if answer[:2] != b"\x20\x02":
            raise MqttError(NOT_MQTT)
        if answer[3]:
            raise MqttError(call(_HELLO, "refusal", answer[3]))
        self.session_present = bool(answer[2])
        if self._lost:
            if not self.session_present:
                self._lost.clear()
            self._last_id = max(self._lost.values(), default=0)
        self.connected = True
        self._reading = asyncio.create_task(self._read_packets())

    def _end(self, error: OSError):
        """The connection is over; the first reason counts."""
        self.connected = False
        self._error = self._error or error

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

    async def _reserve(self, message) -> tuple[int, bool]:
        """A packet identifier, as soon as one is free, and whether this message was sent with it before."""
        since_ms = ticks_ms()
        while len(self._acks) >= _IN_FLIGHT:
            await self._pause(since_ms, _NO_ANSWER)
        packet_id = before = self._lost.pop(message, 0) if self._lost else 0
        if not before:
            packet_id = self._last_id = self._last_id % 65535 + 1
        self._acks[packet_id] = None
        return packet_id, before > 0

    async def _acknowledged(self, packet_id: int) -> int:
        since_ms = ticks_ms()
        while self._acks[packet_id] is None:
            await self._pause(since_ms, _NO_ANSWER)
        return self._acks[packet_id]

    async def _send(self, rest, payload=()):
        """Send a packet, `rest` and the pieces of its payload, in as few writes as can be."""
        await self._lock.acquire()
        if not self.connected:
            self._lock.release()
            raise MqttError(str(self._error or _NOT_CONNECTED))
        try:
            buffer, pieces = self._buffer, iter(payload)
            while rest is not None:
                buffer.clear()
                rest = buffer.fill(pieces, rest)
                await self._write(buffer.content())
            self._idle_ticks = 0
        except OSError as error:
            self._end(error)
            raise
        except (asyncio.CancelledError, MemoryError):
            self._end(MqttError("a packet was cut off in the middle"))
            raise
        finally:
            self._lock.release()

    async def _write(self, data: memoryview):
        since_ms, taken = ticks_ms(), self._wire.write(data)
        while taken < len(data):
            await self._pause(since_ms, "the broker takes no data")
            taken += self._wire.write(data[taken:])

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
                first, packet_id, content = await read_packet(self._read, self._max_packet)
                if first >> 4 == 3:
                    self._deliver(content, first & 1)
                    if packet_id:
                        await self._send(b"\x40\x02" + bytes((packet_id >> 8, packet_id & 255)))  # PUBACK
                elif packet_id in self._acks:
                    self._acks[packet_id] = content
                self.pongs += first == 0xD0  # PINGRESP
        except OSError as error:
            self._end(error)

    def _deliver(self, content, retained: int):
        self.dropped += content is None
        self.received += content is not None
        if content and self._on_message:
            self._on_message(content[0], content[1], bool(retained))
