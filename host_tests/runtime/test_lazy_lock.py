"""Tasks that wait for a scope of lazy modules."""

import asyncio

from evencell.runtime.lazy import LazyLock


def test_who_waits_gets_the_next_scope():
    async def scenario():
        lock = LazyLock()
        scope = lock.open()
        waiting = asyncio.create_task(lock.wait(60_000))
        await asyncio.sleep(0)
        lock.close(scope)
        assert lock.open() is None  # not before those who wait
        scope = await waiting
        assert scope and lock.open() is None
        lock.close(scope)
        assert lock.open()

    asyncio.run(scenario())


def test_who_has_waited_too_long_gets_none():
    async def scenario():
        lock = LazyLock()
        scope = lock.open()
        assert await lock.wait(1) is None
        lock.close(scope)
        assert lock.open()

    asyncio.run(scenario())


def test_who_stops_waiting_holds_nobody_up():
    async def scenario():
        lock = LazyLock()
        scope = lock.open()
        waiting = asyncio.create_task(lock.wait(60_000))
        await asyncio.sleep(0)
        waiting.cancel()
        try:
            await waiting
        except asyncio.CancelledError:
            pass
        lock.close(scope)
        assert lock.open()

    asyncio.run(scenario())
