"""MQTT commands: queued, carried out one after the other, answered on the result topic (only with mqtt.commands)."""

import asyncio
import gc

from evencell.compat import const
from evencell.forward.mqtt.client import MqttError
from evencell.forward.mqtt.packets import MAX_COMMAND_BYTES
from evencell.runtime.lazy import lazy

_MAX_WAITING = const(4)
_MAX_KEPT = const(12)  # commands and results together, those that are refused included
_NO_MEMORY = (
    b'{"id": null, "name": null, "requested": null, "active": null, '
    b'"error": "There is no memory for that now: the next status says whether it was set."}'
)


class Commands:
    """Queue of commands and of results that the broker has yet to take.

    `wake()` has `on_update` called soon.
    """

    def __init__(self, context, wake):
        self._context = context
        self._wake = wake
        self._base = "%s/%s/" % (context.config["mqtt"]["prefix"], context.device_id)
        self._waiting = []  # (topic below the base, payload or None if it is too long, its age, whether there is room)
        self._results = []  # (topic below the base, payload)
        self._recent = []  # the last commands with an id, their values and errors
        self._is_running = False
        self._dropped = 0

    async def on_connect(self, client):
        """Subscribe on a new connection. Without that subscription everything else goes on."""
        try:
            await client.subscribe(self._base + "+/set/+")
        except MqttError as error:
            self._context.log.warning("mqtt: %s: commands are not received" % error)

    def on_message(self, topic: str, payload: bytes, age: int):
        """Queue the message if it is a command. An empty payload only deletes a retained message."""
        place = topic[len(self._base) :]
        levels = place.split("/")
        if not payload or not topic.startswith(self._base) or len(levels) != 3 or levels[1] != "set":
            return
        if len(self._waiting) + len(self._results) >= _MAX_KEPT:
            self._dropped += 1
        else:
            has_room = len(self._waiting) < _MAX_WAITING
            self._waiting.append((place, payload if len(payload) <= MAX_COMMAND_BYTES else None, age, has_room))
            self._start()

    async def on_update(self, client):
        """Publish one result, if there is any; raises OSError, and keeps it then."""
        if self._results:
            place, result = self._results[0]
            await client.publish(self._base + place, result, qos=1)
            self._results.pop(0)
            if self._results:
                self._wake()

    def _start(self):
        if not self._is_running:
            # Around the whole task, not each command: handed over one by one, MicroPython keeps the last one's modules.
            task = self._context.supervisor.contain("commands", self._run())
            asyncio.create_task(task)  # noqa: RUF006 - the event loop keeps it until it is done
            self._is_running = True

    async def _run(self):
        """Carry out the queue. A bug discards what waits, since nothing may be carried out late."""
        try:
            while self._waiting:
                await self._execute(*self._waiting.pop(0))
        finally:
            self._waiting.clear()
            self._is_running = False
        if self._dropped:
            self._context.log.warning("mqtt: too many commands at once: %d were dropped" % self._dropped)
            self._dropped = 0

    async def _execute(self, place: str, payload, age: int, has_room: bool):
        gc.collect()  # what is loaded for a while must not lie among what stays
        scope = lazy()
        try:
            message = scope.load("evencell.forward.mqtt.command_message")
            result = await message.execute(self._context, place, payload, age, has_room, self._recent)
        except MemoryError:
            result = _NO_MEMORY
        finally:
            scope.unload()
        self._results.append((place.split("/")[0] + "/result", result))
        self._wake()
