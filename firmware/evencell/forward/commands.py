"""Takes commands in over MQTT, and sends what became of them (only with mqtt.commands).

What reads and carries them out is in memory only meanwhile.
"""

import asyncio
import gc

from evencell.compat import const
from evencell.forward.mqtt_client import MqttError
from evencell.system.on_demand import forget

_MOST_WAITING = const(4)
_MOST_ANSWERED = const(12)  # commands and results that may be here at once, those that are refused included
_LONGEST_BYTES = const(256)
_ON_DEMAND = ("evencell.forward.command_message", "evencell.pack.settings", "evencell.protocol.jk_settings")
_NO_MEMORY = (
    b'{"id": null, "name": null, "requested": null, "active": null, '
    b'"error": "There is no memory for that now: the next status says whether it was set."}'
)


class Commands:
    """Hears commands as they come, carries them out one after the other in a task of their own, and keeps each result
    until the broker has it.

    `wake()` has `announce` called soon. `ignored` counts retained commands: they are old, and never carried out.
    """

    def __init__(self, context, wake):
        self.ignored = 0
        self._context = context
        self._wake = wake
        self._base = "%s/%s/" % (context.config["mqtt"]["prefix"], context.device_id)
        self._waiting = []  # (topic below the base, payload or None where it is too long, whether there is room)
        self._results = []  # (topic below the base, payload)
        self._carried_out = []  # the last ids, and what became of them
        self._is_at_work = False
        self._dropped = 0

    async def listen(self, client):
        """Subscribe on a new connection. A broker that refuses gets everything else."""
        try:
            await client.subscribe(self._base + "+/set/+")
        except MqttError as error:
            self._context.log.warning("mqtt: %s: no command is heard" % error)

    def hear(self, topic: str, payload: bytes, is_retained: bool):
        """A message on any topic. An empty one only takes a retained one back."""
        place = topic[len(self._base) :]
        if not payload or not topic.startswith(self._base) or place.count("/") != 2:
            return
        if is_retained:
            self.ignored += 1
            self._context.log.warning("mqtt: a retained command is ignored, %d so far" % self.ignored)
        elif len(self._waiting) + len(self._results) >= _MOST_ANSWERED:
            self._dropped += 1
        else:
            has_room = len(self._waiting) < _MOST_WAITING
            self._waiting.append((place, payload if len(payload) <= _LONGEST_BYTES else None, has_room))
            self._go_to_work()

    async def announce(self, client):
        """Send one result, if there is any; raises OSError, and keeps it then."""
        if self._results:
            place, result = self._results[0]
            await client.publish(self._base + place, result, qos=1)
            self._results.pop(0)
            if self._results:
                self._wake()

    def _go_to_work(self):
        if not self._is_at_work:
            # Around the whole work, not each command: handed over one by one, MicroPython keeps the last one's modules.
            work = self._context.supervisor.contain("commands", self._work())
            asyncio.create_task(work)  # noqa: RUF006 - the event loop keeps it until it is done
            self._is_at_work = True

    async def _work(self):
        """Until nothing waits. A bug ends what waits, too: nothing is carried out late."""
        try:
            while self._waiting:
                await self._carry_out(*self._waiting.pop(0))
        finally:
            self._waiting.clear()
            self._is_at_work = False
        if self._dropped:
            self._context.log.warning("mqtt: too many commands at once: %d were dropped" % self._dropped)
            self._dropped = 0

    async def _carry_out(self, place: str, payload, has_room: bool):
        gc.collect()  # what comes and goes must not lie among what stays
        try:
            from evencell.forward.command_message import answer

            result = await answer(self._context, place, payload, has_room, self._carried_out)
        except MemoryError:
            result = _NO_MEMORY
        finally:
            forget(*_ON_DEMAND)
        self._results.append((place.split("/")[0] + "/result", result))
        self._wake()
