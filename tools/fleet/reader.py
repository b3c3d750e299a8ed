"""A subscriber of a fleet's own: receives every state and every backlog, and counts them by device."""

import asyncio
import json

from tools.fleet.connection import PING_S, Connection, Traffic, open_connection
from tools.fleet.delivery import FleetDelivery
from tools.fleet.device import Plan

_PAUSE_S = 0.2


class Reader:
    """Its session is persistent: the broker keeps for it what comes while it is away."""

    def __init__(self, plan: Plan, delivery: FleetDelivery, login: tuple[str | None, str | None]):
        self.traffic = Traffic()
        self.failures = 0
        self._plan = plan
        self._delivery = delivery
        self._login = login
        self._prefix = plan.config["mqtt"]["prefix"]
        self._client_id = f"evencell-fleet-{plan.seed}"

    async def start(self) -> Connection:
        """Discard an earlier session of this name, and subscribe. Raises OSError with a sentence for the owner."""
        (await self._open(clean=True)).disconnect()
        return await self._subscribed()

    async def stay_connected(self, connection: Connection):
        """Serve the connection, and reconnect when it ends."""
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
            broker,
            self._client_id,
            self.traffic,
            login=self._login,
            tls=plan.tls,
            clean=clean,
            on_message=self._on_message,
        )

    def _on_message(self, topic: str, payload: bytes, is_retained: bool):
        device = topic[len(self._prefix) + 1 :].partition("/")[0]
        if is_retained or device not in self._delivery.of:
            return
        is_backlog = topic.endswith("/backlog")
        for status in json.loads(payload) if is_backlog else [json.loads(payload)]:
            self._delivery.record_received(device, status["sequence"], is_backlog)
