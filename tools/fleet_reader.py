"""A subscriber of a fleet's own: hears every state and every backlog, and writes down whose they are."""

import asyncio
import json

from tools.fleet_book import Books
from tools.fleet_connection import PING_S, Connection, Traffic, open_connection
from tools.fleet_device import Plan

_PAUSE_S = 0.2


class Reader:
    """Its session is persistent: the broker keeps for it what comes while it is away."""

    def __init__(self, plan: Plan, books: Books, login: tuple[str | None, str | None]):
        self.traffic = Traffic()
        self.failures = 0
        self._plan = plan
        self._books = books
        self._login = login
        self._prefix = plan.config["mqtt"]["prefix"]
        self._client_id = f"evencell-fleet-{plan.seed}"

    async def start(self) -> Connection:
        """Forget an earlier session of this name, and subscribe. Raises OSError, with a sentence for the owner."""
        (await self._open(clean=True)).say_goodbye()
        return await self._subscribed()

    async def stay_connected(self, connection: Connection):
        """Go on with it, and connect again when it ends."""
        while True:
            try:
                while connection.is_open:
                    await asyncio.wait({connection.ended}, timeout=PING_S)
                    await connection.ping()
            except OSError:
                self.failures += 1
            finally:
                connection.abort()
            connection = await self._reconnected()

    async def _reconnected(self) -> Connection:
        while True:
            try:
                return await self._subscribed()
            except OSError:
                self.failures += 1
                await asyncio.sleep(_PAUSE_S)

    async def _subscribed(self) -> Connection:
        connection = await self._open(clean=False)
        for topic in ("state", "backlog"):
            await connection.subscribe(f"{self._prefix}/+/+/{topic}")
        return connection

    async def _open(self, clean: bool) -> Connection:
        plan = self._plan
        broker = plan.brokers[self.failures % len(plan.brokers)]
        return await open_connection(
            broker, self._client_id, self.traffic, login=self._login, tls=plan.tls, clean=clean, heard=self._hear
        )

    def _hear(self, topic: str, payload: bytes, is_retained: bool):
        device = topic[len(self._prefix) + 1 :].partition("/")[0]
        if is_retained or device not in self._books.of:
            return
        is_backlog = topic.endswith("/backlog")
        for status in json.loads(payload) if is_backlog else [json.loads(payload)]:
            self._books.hear(device, status["sequence"], is_backlog)
