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


def test_urgent_task_comes_before_all_that_wait():
    async def scenario():
        lock, order = LazyLock(), []

        async def use(name: str, is_urgent: bool):
            scope = await lock.wait(60_000, None, is_urgent)
            order.append(name)
            lock.close(scope)

        scope = lock.open()
        tasks = [asyncio.create_task(use("request %d" % i, False)) for i in range(3)]
        await asyncio.sleep(0)
        tasks.append(asyncio.create_task(use("rules", True)))
        await asyncio.sleep(0)
        lock.close(scope)
        await asyncio.gather(*tasks)
        assert order == ["rules", "request 0", "request 1", "request 2"]

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
