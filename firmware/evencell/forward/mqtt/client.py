"""MQTT 3.1.1 client on asyncio: QoS 0 and 1, will, retain, subscriptions, keep-alive, TLS.

Every wait has a deadline except two that block the event loop on MicroPython: the name look-up, and the arithmetic of
a TLS handshake (a second or two on an ESP32; its certificate check also needs a clock that was set).
Source: OASIS MQTT Version 3.1.1, whose section numbers the comments cite.
"""

import asyncio

from evencell.compat import const, sleep_ms, ticks_diff, ticks_ms
from evencell.forward.mqtt.packets import WAITED, MqttError, publish_header, read_packet
from evencell.forward.tcp_wire import Wire
from evencell.net.tcp import SendBuffer
from evencell.runtime.lazy import call, lazy

_TICK_MS = const(250)  # so one second of keep-alive is four ticks
_POLL_MS = const(10)
_IN_FLIGHT = const(4)
_CONNECT = "evencell.forward.mqtt.connect"
_NOT_CONNECTED = "not connected"
_NO_ANSWER = "timed out: no acknowledgement from the broker"


class MqttClient:
    """One connection to a broker: make a new client for each, and close every one, also one that failed.

    `tls` is None or an SSL context, `will` is (topic, payload, qos, retain), `keepalive_s` 1 to 65535.
    `on_message(topic: str, payload: bytes, age: int, packet_id: int)` is called by the reader, which then acknowledges
    unless that returns True. `age`: 0, or RETAINED or WAITED (packets.py). No wait takes longer than `timeout_ms`.
    Received messages of more than `max_packet` bytes in all are counted and discarded.

    With `lost`, a dict that is passed from client to client, the broker is asked to keep the session. It holds the
    unacknowledged messages, (topic, payload) → packet id: published again, they are duplicates (4.4).
    `buffer`: the shared SendBuffer. `retains`: False for a broker that rejects retained messages; none is sent then.
    `can_discover`: False for a broker that rejects discovery messages.
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
        self.retains = self.can_discover = True
        self.published = self.received = self.dropped = self.pings = self.pongs = 0
        self.under_way = None  # topic and bytes of the message that is being sent
        self._address = (host, port, tls)
        self._login = client_id, user, password, will, keepalive_s, lost is None  # until it is connected
        self._on_message, self._lost, self._timeout_ms, self._max_packet = on_message, lost, timeout_ms, max_packet
        self._ping_ticks = 3 * keepalive_s  # three quarters of the keep-alive
        self._silent_ticks = self._idle_ticks = self._last_id = self._age = 0
        self._acks = {}  # packet id → None, then the return code
        self._lock, self._wire, self._buffer = asyncio.Lock(), Wire(), buffer or SendBuffer()
        self._reading = self._error = None

    async def connect(self):
        """Connect, log in, and start to receive. Raises OSError or MqttError within `timeout_ms`."""
        scope = lazy()
        try:
            about = self._address, self._login, self._timeout_ms, self._write, self._read
            self.session_present = await scope.load(_CONNECT).log_in(self._wire, *about)
            self._age = WAITED if self.session_present else 0  # until SUBACK: what waited comes before that
            if self._lost:
                if not self.session_present:
                    self._lost.clear()
                self._last_id = max(self._lost.values(), default=0)
            self.connected = True
            self._login = ()
            self._reading = asyncio.create_task(self._read_packets())
        finally:
            scope.unload()
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
        """Send PINGREQ: once `pongs` has reached `pings`, the broker has received all that was sent before."""
        await self._send(b"\xc0\x00")  # PINGREQ
        self.pings += 1

    async def publish(self, topic: str, payload, qos=0, retain=False, payload_bytes=None):
        """Publish `payload`, bytes-like or an iterator of pieces of `payload_bytes` in all; with QoS 1 await PUBACK.

        Raises OSError if there is no connection, no PUBACK in time, or the broker accepts no data (which ends the
        connection).
        """
        message = (topic, payload) if isinstance(payload, bytes) else None
        packet_id, is_again = await self._reserve(message) if qos else (0, False)
        if payload_bytes is None:
            payload_bytes, payload = len(payload), (payload,)
        self.under_way = topic, payload_bytes
        try:
            retain = retain and self.retains
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
        await sleep_ms(0)  # several publications in a row let other tasks run

    async def acknowledge(self, packet_id: int):
        """Send PUBACK for a received message."""
        await self._send(b"\x40\x02" + bytes((packet_id >> 8, packet_id & 255)))

    async def subscribe(self, topic: str, qos=1):
        """Subscribe to a topic filter; raises MqttError if the broker refuses, OSError as `publish` does."""
        packet_id, _ = await self._reserve(None)
        try:
            await self._send(call(_CONNECT, "subscribe_packet", packet_id, topic, qos))
            code = await self._acknowledged(packet_id)
        finally:
            del self._acks[packet_id]
        self._age = 0
        if code > 2:
            raise MqttError("subscription refused by the broker")

    def close(self):
        """Send DISCONNECT, if that is possible at once, and close the socket; allowed at any time, also twice."""
        if self.connected and not self._lock.locked():
            try:
                self._wire.write(b"\xe0\x00")  # DISCONNECT
            except OSError:
                pass
        self._end(MqttError(_NOT_CONNECTED))
        if self._reading:
            self._reading.cancel()
        self._wire.close()

    def _end(self, error: OSError):
        """End the connection; the first error is kept."""
        self.connected = False
        self._error = self._error or error

    def _ping_is_due(self) -> bool:
        """Count a tick (no clock: a blocked event loop is no silence of the broker); too many end the connection."""
        self._silent_ticks += 1
        self._idle_ticks += 1
        if self._silent_ticks >= 2 * self._ping_ticks:
            self._end(MqttError("timed out: the broker stopped answering"))
            return False
        return self._silent_ticks == self._ping_ticks or self._idle_ticks >= self._ping_ticks

    def _pause(self, since_ms: int, problem: str):
        """Awaitable until the next poll; raises MqttError if the connection ended or the timeout has passed."""
        # On MicroPython polling takes no heap, while a `wait_for_ms` takes two tasks.
        if self._error:
            raise self._error
        if ticks_diff(ticks_ms(), since_ms) > self._timeout_ms:
            raise MqttError(problem)
        return sleep_ms(_POLL_MS)

    async def _reserve(self, message) -> tuple[int, bool]:
        """Wait for a free packet identifier; returns it, and whether this message was sent with it before."""
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
        """Send a packet, `rest` and the pieces of its payload, in as few writes as possible."""
        await self._lock.acquire()
        if not self.connected:
            self._lock.release()
            raise self._error or MqttError(_NOT_CONNECTED)
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
        taken = self._wire.write(data)
        if taken == len(data):
            return
        since_ms, data, taken = ticks_ms(), memoryview(bytes(data[taken:])), 0  # the buffer is shared
        while taken < len(data):
            await self._pause(since_ms, "timed out: the broker accepts no data")
            taken += self._wire.write(data[taken:])

    async def _read(self, count: int) -> bytes:
        try:
            data = await self._wire.read_exactly(count)
        except EOFError:
            raise MqttError("connection closed by the broker")
        self._silent_ticks = 0
        return data

    async def _read_packets(self):
        try:
            while True:
                first, packet_id, content = await read_packet(self._read, self._max_packet)
                if first >> 4 == 3:
                    if not self._deliver(content, first & 1, packet_id) and packet_id:
                        await self.acknowledge(packet_id)
                elif packet_id in self._acks:
                    self._acks[packet_id] = content
                self.pongs += first == 0xD0  # PINGRESP
        except OSError as error:
            self._end(error)
        except MemoryError:  # the rest of the packet is still to come
            self._end(MqttError("not enough memory for a received message"))

    def _deliver(self, content, retained: int, packet_id: int):
        self.dropped += content is None
        self.received += content is not None
        if not content or not self._on_message:
            return False
        return self._on_message(content[0], content[1], retained or self._age, packet_id)
