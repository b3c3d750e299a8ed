"""Commands that waited at the broker while the device slept.

Each is carried out once, also where the power is cut: it is acknowledged when its outcome is on the flash, in
`commands.json`, and the broker sends again what was not acknowledged. Results wait there until the broker has them.
"""

import json

from evencell.compat import const, sleep_ms, ticks_diff, ticks_ms
from evencell.forward.mqtt.packets import MAX_COMMAND_BYTES, WAITED, MqttError
from evencell.power.session import call_async
from evencell.runtime.lazy import call

_ANSWER_MS = const(8_000)
_COMMANDS_MS = const(20_000)
_POLL_MS = const(10)
_MAX_WAITING = const(20)  # what else comes stays at the broker until the next report
_MAX_RECENT = const(24)  # more than may be acknowledged in vain
_STATE_FILE = "evencell.storage.state_file"
_NO_MEMORY = "There is no memory for that now: the next status says whether it was set."


class Inbox:
    """Receives commands, and carries them out before the device leaves the broker."""

    def __init__(self, session):
        self._session = session
        self._context = context = session.context
        self._base = "%s/%s/" % (context.config["mqtt"]["prefix"], context.device_id)
        self._path = context.board.storage + "/commands.json"
        kept = call(_STATE_FILE, "load_json", context.storage_faults, self._path, "commands")
        self._kept = kept or {"recent": [], "results": []}
        self._is_changed = False
        self._waiting = []  # (topic below the base, payload, age, packet id)
        session.enable_writing()

    async def subscribe(self, client):
        """Subscribe, unless the broker has kept that."""
        state = self._session.wake.state
        if client.session_present and state.is_subscribed:
            return
        try:
            await client.subscribe(self._base + "+/set/+")
            state.is_subscribed = 1
        except MqttError as error:
            self._context.log.warning("mqtt: %s: commands are not received" % error)

    def on_message(self, topic: str, payload: bytes, age: int, packet_id: int) -> bool:
        """Queue the message if it is a command; it is acknowledged later. An empty one deletes a retained message."""
        place = topic[len(self._base) :]
        levels = place.split("/")
        if not payload or not topic.startswith(self._base) or len(levels) != 3 or levels[1] != "set":
            return False
        if len(self._waiting) < _MAX_WAITING:
            self._waiting.append((place, payload if len(payload) <= MAX_COMMAND_BYTES else None, age, packet_id))
        return True

    async def carry_out(self, client) -> bool:
        """Take what waits, carry it out, publish the results; whether that brought readings. Raises OSError.

        The broker sends what waited before it answers a ping.
        """
        started = ticks_ms()
        await self._receive(client)
        if self._waiting:
            await self._session.wake_balancers()
        while self._waiting and ticks_diff(ticks_ms(), started) < _COMMANDS_MS:
            place, payload, age, packet_id = self._waiting.pop(0)
            await self._context.supervisor.contain("commands", self._execute(place, payload, age))
            if packet_id:
                await client.acknowledge(packet_id)
            await self._publish_results(client)
            if not self._waiting:
                await self._receive(client)  # a broker has a limit for what is not acknowledged
        await self._publish_results(client)
        if self._is_changed:
            self._save()
        return self._session.number_polled()

    async def _receive(self, client):
        await client.ping()
        started = ticks_ms()
        while client.pongs < client.pings:
            if not client.connected or ticks_diff(ticks_ms(), started) >= _ANSWER_MS:
                raise MqttError("timed out: no answer from the broker")
            await sleep_ms(_POLL_MS)

    async def _execute(self, place: str, payload, age: int):
        """Carry out a command, and keep its outcome. Whatever comes to a device that sleeps may have waited."""
        recent, name = self._kept["recent"], place.split("/")[2]
        try:
            about = self._context, place, payload, age or WAITED, True, recent, _MAX_RECENT
            result = str(await call_async("evencell.forward.mqtt.command_message", "execute", *about), "utf-8")
        except MemoryError:
            result = json.dumps({"id": None, "name": name, "requested": None, "active": None, "error": _NO_MEMORY})
        self._kept["results"].append([place.split("/")[0] + "/result", result])
        self._save()

    async def _publish_results(self, client):
        results = self._kept["results"]
        while results:
            topic, result = results[0]
            await client.publish(self._base + topic, result.encode(), qos=1)
            results.pop(0)
            self._is_changed = True

    def _save(self):
        self._is_changed = False
        call(_STATE_FILE, "save_json", self._context.storage_faults, self._path, self._kept)
