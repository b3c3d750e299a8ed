"""The event loop when polling fails. On MicroPython alone: a stream of its own can fail to be polled there."""

import asyncio
import errno
import io

from evencell.runtime import event_loop, poll_failures
from evencell.runtime.log import Log
from evencell.runtime.supervisor import Supervisor
from host_tests.fakes import FakeClock
from host_tests.portable import raises

_POLL = 3  # MP_STREAM_POLL


class Stream(io.IOBase):
    """Nothing comes from it. While `fails` polls are to fail, they do so as those of a socket without memory."""

    def __init__(self):
        self.fails = 0
        self.was_read = 0

    def ioctl(self, request, _argument):
        if request != _POLL:
            return -errno.EINVAL
        if self.fails:
            self.fails -= 1
            return -errno.EIO
        return 0

    def read(self, _count):
        self.was_read += 1
        raise OSError(errno.EIO)


class Context:
    def __init__(self):
        self.log = Log(FakeClock(), ring_bytes=4096)
        self.kept = []
        self.supervisor = Supervisor(self.log, lambda name, what: self.kept.append((name, what)))


def test_tasks_go_on_after_a_poll_that_failed_once():
    context, stream, turns = Context(), Stream(), []

    async def turn():
        for number in range(5):
            turns.append(number)
            await asyncio.sleep_ms(10)

    async def scenario():
        waiting = asyncio.create_task(asyncio.StreamReader(stream).read(1))
        turning = asyncio.create_task(turn())
        await asyncio.sleep_ms(5)
        stream.fails = 1
        await turning
        assert not stream.was_read and not waiting.done()
        return "ended"

    assert event_loop.run_loop(scenario(), context) == "ended"
    assert turns == [0, 1, 2, 3, 4]
    assert context.kept == [("event loop", "polling failed: [Errno 5] EIO; resuming")]
    assert len(context.log.lines()) == 1


def test_failed_poll_raises_in_the_task_that_waits():
    context, stream, other = Context(), Stream(), Stream()
    errors = []

    async def read():
        try:
            await asyncio.StreamReader(stream).read(1)
        except OSError as error:
            errors.append(error.errno)

    async def scenario():
        reading = asyncio.create_task(read())
        waiting = asyncio.create_task(asyncio.StreamReader(other).read(1))
        await asyncio.sleep_ms(1)
        stream.fails = 1_000_000
        await reading
        assert stream.was_read == 1 and not other.was_read and not waiting.done()

    event_loop.run_loop(scenario(), context)
    assert errors == [errno.EIO]
    assert len(context.kept) == 1


def test_an_error_of_the_coroutine_itself_is_raised():
    context = Context()

    async def scenario():
        await asyncio.sleep_ms(1)
        raise OSError(errno.ENOENT)

    assert "2" in raises(OSError, lambda: event_loop.run_loop(scenario(), context))
    assert context.kept == []


def test_a_poll_that_fails_for_half_a_minute_ends_the_loop():
    context, now = Context(), [0]
    really, poll_failures.ticks_ms = poll_failures.ticks_ms, lambda: now[0]
    failures = poll_failures.PollFailures(context)
    try:
        for _ in range(31):
            assert not failures.is_permanent(OSError(errno.EIO))
            now[0] += 1_000
        assert failures.is_permanent(OSError(errno.EIO))
        now[0] += 60_000
        assert not failures.is_permanent(OSError(errno.EIO))
    finally:
        poll_failures.ticks_ms = really
    assert len(context.kept) == 1
    assert "failed 33 times" in context.log.lines()[-1]
