"""What a browser with a narrow connection gets, and when it counts as gone."""

import asyncio
import errno

from evencell.compat import ticks_add, ticks_ms
from evencell.forward.http import event_stream
from evencell.forward.http import room as room_for_request
from evencell.forward.http.event_stream import Client, EventStreams
from evencell.forward.http.server import Request
from evencell.hub import Hub
from evencell.net.tcp import SEGMENT_BYTES, SendBuffer
from evencell.runtime.memory import MemoryPolicy
from host_tests.fakes import FakeClock, ScriptedHeaps
from host_tests.portable import raises, scratch_path

GET = "GET /api/v1/events HTTP/1.1"
HEAD = (
    b"HTTP/1.0 200 \r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\n"
    b"Cross-Origin-Resource-Policy: same-origin\r\nContent-Type: text/event-stream\r\n"
    b"Cache-Control: no-store\r\n\r\nretry: 3000\n\n"
)


class Connection:
    """Takes `room` bytes at a time, like a socket that does not block; that of a client at this host."""

    out_buf = b""

    def __init__(self, room, host="a"):
        self.s = self.transport = self
        self.room = room
        self.taken = b""
        self._host = host

    def get_extra_info(self, _name):
        return (self._host, 1234)

    def get_write_buffer_size(self) -> int:
        return 0

    def write(self, data):
        count = min(self.room, len(data))
        self.taken += bytes(data[:count])
        return count or None


def pieces(*texts):
    yield from texts
    while True:
        yield None


class Browser:
    """A client on its connection, and the shared buffer."""

    def __init__(self, connection, *texts):
        self._client = Client(connection, None, pieces(*texts), None)
        self._buffer = SendBuffer()

    def push(self):
        return self._client.push(self._buffer)


def test_everything_arrives_once_and_in_order_however_narrow_the_connection():
    for room in (1, 2, 3, 5, 100):
        connection = Connection(room)
        browser = Browser(connection, b"one", b"two", b"three")
        pushes = 1
        while browser.push():
            pushes += 1
        assert connection.taken == b"onetwothree"
        assert (pushes == 1) == (room >= 11)


def test_unsent_data_survives_other_users_of_the_shared_buffer():
    narrow, wide = Connection(3), Connection(100)
    buffer = SendBuffer()
    first, second = [Client(connection, None, pieces(b"one", b"two"), None) for connection in (narrow, wide)]
    assert first.push(buffer)
    assert not second.push(buffer)
    assert not first.push(buffer)
    assert narrow.taken == wide.taken == b"onetwo"


def test_one_browser_gets_a_segment_at_once():
    connection = Connection(10_000)
    browser = Browser(connection, *[b"%0100d" % number for number in range(20)])
    assert browser.push()
    assert len(connection.taken) == SEGMENT_BYTES
    assert not browser.push()
    assert connection.taken == b"".join([b"%0100d" % number for number in range(20)])


def test_an_event_leaves_with_one_write():
    class Counting(Connection):
        writes = 0

        def write(self, data):
            self.writes += 1
            return super().write(data)

    connection = Counting(10_000)
    assert not Browser(connection, b"event: status\ndata: ", b'{"pack": 1', b', "age_ms": 2}', b"\n\n").push()
    assert connection.writes == 1


def test_client_that_takes_nothing_for_5_s_is_disconnected():
    connection = Connection(6)
    browser = Browser(connection, b"one", b"two")
    start = ticks_ms()
    late = [start]
    event_stream.ticks_ms = lambda: late[0]
    try:
        assert not browser.push()
        browser = Browser(connection, b"three", b"four")
        assert browser.push()
        connection.room = 0
        late[0] = ticks_add(start, 4_999)
        assert browser.push()
        connection.room = 1  # a single byte is a sign of life
        assert browser.push()
        connection.room = 0
        late[0] = ticks_add(start, 9_998)
        assert browser.push()
        late[0] = ticks_add(start, 9_999)
        assert str(errno.ETIMEDOUT) in raises(OSError, browser.push)
    finally:
        event_stream.ticks_ms = ticks_ms


class Device:
    """What the streams need of a device: its log is empty, its statuses say how often they were made."""

    written = made = 0
    sessionless = (1e12,)

    def __init__(self):
        self.hub = Hub([], FakeClock())
        self.log = self.supervisor = self
        self.heap = MemoryPolicy(ScriptedHeaps(), self)

    def warning(self, _text):
        pass

    def pieces(self):
        self.made += 1
        yield b"{", b"%d}" % self.made

    async def contain(self, _name, coroutine):
        await coroutine


def served(writer, session=None) -> list:
    """A connection as the web server has it."""
    return [writer, None, 0, session]


async def two_browsers() -> tuple:
    device = Device()
    streams = EventStreams(device, device, SendBuffer())
    first, second = Connection(1000), Connection(1000)
    for connection in (first, second):
        await streams.send(served(connection), None)
        for _ in range(5):
            await asyncio.sleep(0)
    return first.taken, second.taken


def test_streams_end_the_newest_first_while_memory_is_short_and_new_ones_are_refused():
    device, left = Device(), []

    async def leave(writer):
        left.append(writer)

    async def scenario():
        streams = EventStreams(device, device, SendBuffer())
        first, second = Connection(1000), Connection(1000)
        for connection in (first, second):
            assert streams.handle(Request([GET])).status == 200
            await streams.send(served(connection), leave)
        device.heap.is_short, device.heap.shed = True, 1
        assert streams.handle(Request([GET])).status == 503
        while len(left) < 2:
            device.hub.wake()
            await asyncio.sleep(0)
        assert left == [second, first]

    asyncio.run(scenario())


def test_streams_make_room_for_a_request_and_come_back():
    """A request about the configuration ends them where there is too little memory (room.py)."""
    device, left, free_bytes = Device(), [], [5_999]
    config = scratch_path("room.json")
    device.board = Thing()
    device.board.config_path, device.board.gc_heap = config, lambda: (100_000, free_bytes[0])

    async def leave(writer):
        left.append(writer)
        if len(left) == 2:
            free_bytes[0] = 6_000

    async def scenario():
        streams = EventStreams(device, device, SendBuffer())
        for _ in range(2):
            await streams.send(served(Connection(1000)), leave)
        is_refused = False
        try:
            await room_for_request.wait(device, "6")
        except MemoryError:
            is_refused = True
        assert is_refused and not left and not device.heap.reserved  # others than that end none
        await room_for_request.wait(device, "6+")
        assert len(left) == 2 and streams.handle(Request([GET])).status == 503
        device.heap.reserved = 0
        assert streams.handle(Request([GET])).status == 200

    asyncio.run(scenario())


class Thing:
    """Has what a test sets."""


def test_there_are_as_many_streams_as_the_plan_says():
    device = Device()
    device.heap.max_streams = 1

    async def scenario():
        streams = EventStreams(device, device, SendBuffer())
        assert await streams.send(served(Connection(1000)), None)
        refused = Connection(1000)
        assert not await streams.send(served(refused), None)
        assert refused.taken.startswith(b"HTTP/1.0 503 ")

    asyncio.run(scenario())


def test_client_with_most_streams_loses_its_oldest_to_another_client():
    device, left = Device(), []
    device.heap.max_streams = 3

    async def leave(writer):
        left.append(writer)

    async def scenario():
        streams = EventStreams(device, device, SendBuffer())
        first, second, third, fourth = [Connection(1000, host) for host in ("a", "b", "b", "b")]
        for connection in (first, second, third):
            assert await streams.send(served(connection), leave)
        assert not await streams.send(served(fourth), leave)  # it has most
        assert await streams.send(served(Connection(1000, "c")), leave)
        assert left == [second]
        assert not await streams.send(served(Connection(1000, "d")), leave)  # each has one

    asyncio.run(scenario())


def test_stream_ends_with_its_session_and_sends_nothing_more():
    device, left, session = Device(), [], [5_000]
    connection, other = Connection(1000), Connection(1000)

    async def leave(writer):
        left.append(writer)

    async def woken():
        device.hub.wake()
        for _ in range(5):
            await asyncio.sleep(0)

    async def scenario():
        streams = EventStreams(device, device, SendBuffer())
        await streams.send(served(connection, session), leave)
        await streams.send(served(other), leave)
        device.hub.clock.now_ms = 4_999
        await woken()
        assert left == []
        sent = connection.taken
        device.hub.clock.now_ms = 5_000
        await woken()
        assert left == [connection]
        assert connection.taken == sent and other.taken > sent

    asyncio.run(scenario())


def test_each_client_gets_the_status_once_with_its_current_age():
    first, second = asyncio.run(two_browsers())
    assert first == HEAD + b"event: status\ndata: {1}\n\n"
    assert second == HEAD + b"event: status\ndata: {2}\n\n"
