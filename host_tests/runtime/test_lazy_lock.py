"""Tasks that wait for a scope of lazy modules."""

import asyncio

from evencell.runtime.lazy_lock import LazyLock


def test_waiting_task_gets_the_next_scope():
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


def test_wait_returns_none_after_the_timeout():
    async def scenario():
        lock = LazyLock()
        scope = lock.open()
        assert await lock.wait(1) is None
        lock.close(scope)
        assert lock.open()

    asyncio.run(scenario())


def test_cancelled_wait_does_not_block_the_lock():
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
