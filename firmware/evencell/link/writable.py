"""The entry for commands: gives each writable pack its `writer`. Stays loaded; link/writer.py only during a command."""

import asyncio

from evencell.runtime.lazy import lazy


def enable_writing(context, poller, polls: list):
    """Give each writable pack of these polls its `writer(setting, given, source)`, a coroutine function.

    It returns the result as link/writer.py makes it. One command at a time on a bus; polls go between its exchanges.
    """
    lock = asyncio.Lock()
    for poll in polls:
        if context.config["packs"][context.hub.packs.index(poll.pack)]["writable"]:
            poll.pack.writer = _writer(context, poller, poll, lock)


def _writer(context, poller, poll, lock):
    async def set_value(setting: str, given, source: str) -> dict:
        await lock.acquire()
        scope = lazy()
        try:
            writer = scope.load("evencell.link.writer")
            return await writer.set_value(context, poller, poll, setting, given, source)
        finally:
            scope.unload()
            lock.release()

    return set_value
