"""Commands that waited at the broker while the device slept."""

from evencell.compat import const, sleep_ms, ticks_diff, ticks_ms
from evencell.forward.mqtt.commands import Commands
from evencell.forward.mqtt.packets import MqttError

_ANSWER_MS = const(8_000)
_COMMANDS_MS = const(20_000)
_POLL_MS = const(10)


class Inbox:
    """Receives commands, and has them carried out before the device leaves the broker."""

    def __init__(self, session):
        self._session = session
        self._commands = Commands(session.context, lambda: None)
        self.on_message = self._commands.on_message
        session.enable_writing()

    async def subscribe(self, client):
        """Subscribe, unless the broker has kept that."""
        state = self._session.wake.state
        if not (client.session_present and state.is_subscribed):
            await self._commands.on_connect(client)
            state.is_subscribed = 1

    async def carry_out(self, client) -> bool:
        """Take all that waits, carry it out, publish the results; whether that brought readings. Raises OSError.

        The broker sends what waited before it answers a ping.
        """
        await client.ping()
        started = ticks_ms()
        while client.pongs < client.pings:
            await self._pause(client, started, _ANSWER_MS)
        started = ticks_ms()
        while self._commands.is_busy():
            await self._commands.on_update(client)
            await self._pause(client, started, _COMMANDS_MS)
        return self._session.number_polled()

    async def _pause(self, client, started: int, limit_ms: int):
        if not client.connected or ticks_diff(ticks_ms(), started) >= limit_ms:
            raise MqttError("timed out: no answer from the broker")
        await sleep_ms(_POLL_MS)
