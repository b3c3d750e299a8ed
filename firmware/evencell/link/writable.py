"""Lets commands reach the packs that the owner made writable; imported only where there are such."""

import asyncio

from evencell.runtime.lazy import lazy


def allow(context, poller, polls: list):
    """Give each writable pack of these polls its `writer`: a coroutine function that takes a setting's name and what it
    is to be, and returns what became of that (link/command.py).

    One command at a time on a bus; polls go between its exchanges.
    """
    lock = asyncio.Lock()
    for poll in polls:
        if context.config["packs"][context.hub.packs.index(poll.pack)]["writable"]:
            poll.pack.writer = _writer(context, poller, poll, lock)


def _writer(context, poller, poll, lock):
    async def write(name: str, given) -> dict:
        await lock.acquire()
        scope = lazy()
        try:
            return await scope.load("evencell.link.command").carry_out(context, poller, poll, name, given)
        finally:
            scope.unload()
            lock.release()

    return write
