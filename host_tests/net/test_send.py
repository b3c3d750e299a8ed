"""Sending a body in segments while others use the same buffer."""

import asyncio

from evencell.compat import sleep_ms, ticks_ms, wait_for_ms
from evencell.net import tcp
from evencell.net.tcp import SEGMENT_BYTES, SendBuffer, send


class Writer:
    """Takes all at once; it is its own transport, as CPython's streams have one."""

    def __init__(self):
        self.taken = b""
        self.transport = self
        self.out_buf = b""

    def get_write_buffer_size(self) -> int:
        return 0

    def write(self, data):
        self.taken += bytes(data)


async def keep_using(buffer):
    """Another task that sends with the same buffer."""
    while True:
        buffer.clear()
        buffer.fill(iter([b"x" * 100]))
        await sleep_ms(0)


def test_what_another_task_leaves_in_the_shared_buffer_is_not_sent():
    async def scenario():
        buffer, writer = SendBuffer(), Writer()
        other = asyncio.create_task(keep_using(buffer))
        body = b"a" * (3 * SEGMENT_BYTES + 7)
        await send(writer, iter([body]), buffer, 1000, 2)
        other.cancel()
        assert writer.taken == body

    asyncio.run(scenario())


def test_slow_reader_has_less_time_while_others_wait():
    class Full(Writer):
        """Takes nothing more."""

        def __init__(self):
            super().__init__()
            self.out_buf = b"unsent"

        def get_write_buffer_size(self) -> int:
            return len(self.out_buf)

        def drain(self):
            return None

    async def never_drained(_awaitable, milliseconds):
        waits.append(milliseconds)
        raise asyncio.TimeoutError  # noqa: UP041 - MicroPython has no other

    async def patience_ms(queue: list):
        buffer = SendBuffer()
        buffer.queue = queue
        try:
            await send(Full(), iter([b"a"]), buffer, 60_000, 0)
        except asyncio.TimeoutError:  # noqa: UP041
            return waits.pop()

    waits = []
    tcp.wait_for_ms = never_drained
    try:
        assert asyncio.run(patience_ms([])) == 5_000
        assert asyncio.run(patience_ms([1])) == 3_000
    finally:
        tcp.wait_for_ms = wait_for_ms


def test_an_iterator_that_pauses_keeps_what_it_gave():
    def pieces():
        for number in range(600):
            yield b"%05d," % number
            if number % 70 == 0:
                yield None

    async def scenario():
        buffer, writer = SendBuffer(), Writer()
        other = asyncio.create_task(keep_using(buffer))
        await send(writer, pieces(), buffer, 10_000, 2)
        other.cancel()
        assert writer.taken == b"".join([b"%05d," % number for number in range(600)])

    asyncio.run(scenario())


class SlowWriter(Writer):
    """Has no room until it was waited for; each wait takes 4 s of a clock of its own."""

    def __init__(self):
        super().__init__()
        self.now_ms = 0
        self.out_buf = b"x"

    def get_write_buffer_size(self) -> int:
        return 1

    def ticks_ms(self) -> int:
        return self.now_ms

    async def drain(self):
        await sleep_ms(20)
        self.now_ms += 4000


def test_who_reads_slowly_is_left_after_15_s_of_waiting():
    async def scenario():
        writer = SlowWriter()
        tcp.ticks_ms = writer.ticks_ms
        try:
            await send(writer, iter([b"a" * (10 * SEGMENT_BYTES)]), SendBuffer(), 300_000, 0)
        except asyncio.TimeoutError:  # noqa: UP041 - MicroPython has no other
            return len(writer.taken) // SEGMENT_BYTES
        finally:
            tcp.ticks_ms = ticks_ms

    assert asyncio.run(scenario()) == 5
