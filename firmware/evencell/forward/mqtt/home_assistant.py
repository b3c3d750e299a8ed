"""Home Assistant discovery: when its messages are published. What they contain is in discovery.py."""

import asyncio
import json

from evencell.compat import const, sleep_ms
from evencell.forward.mqtt.client import MqttError

_POSTPONED_MS = const(300_000)
_DEVICE_MS = const(60_000)  # between two messages of the device itself
_BIRTH_PAUSE_MS = const(30_000)  # between two answers to birth messages: each one publishes everything
_SUBSCRIBED_MS = const(5_000)  # within which Home Assistant subscribes to the topics of new entities
_DISCOVERY = "evencell.forward.mqtt.discovery"
_TEMPERATURE = const(32)  # beside the number of cells, which is below


class HomeAssistant:
    """Handler that publishes discovery on each connection, at Home Assistant's birth message, and when entities change.

    `republish(everything)` has all topics, or the states alone, published again.
    """

    def __init__(self, context, republish):
        self._context = context
        self._republish = republish
        self._topic = context.config["mqtt"]["birth_topic"]
        self._packs = context.hub.packs
        self._lock = context.lazy_lock
        self._parts = bytearray(len(self._packs))  # of each pack: number of cells, and whether it has a temperature
        self._ranges = []  # of each pack's numbers: (field, lowest, highest)
        self._is_published = False
        self._republishing = None  # the task after discovery
        self._birth_ms = -_BIRTH_PAUSE_MS  # when a birth message was answered last, or will be
        self._failed_ms = None  # when memory was last too short for it
        self._device_ms = None  # when the last message about the device was published

    async def on_connect(self, client):
        """Subscribe to birth messages. Without that subscription everything else goes on."""
        self._is_published = False
        self._device_ms = None
        try:
            await client.subscribe(self._topic)
        except MqttError as error:
            self._context.log.warning("mqtt: %s: restarts of Home Assistant go unnoticed" % error)

    def on_message(self, topic: str, payload: bytes, age: int):
        """Republish everything at a birth message, once the pause after the last one is over. An old one changes
        nothing.
        """
        now_ms = self._context.clock.uptime_ms()
        if topic == self._topic and payload == b"online" and not age and self._birth_ms <= now_ms:
            self._birth_ms = max(now_ms, self._birth_ms + _BIRTH_PAUSE_MS)
            asyncio.create_task(self._answer_birth(self._birth_ms - now_ms))  # noqa: RUF006 - the event loop keeps it

    async def _answer_birth(self, pause_ms: int):
        """Answer the message that came first, and all that came since."""
        await sleep_ms(pause_ms)
        self._is_published = False
        self._republish(True)

    async def on_update(self, client):
        """Publish the device's status and the discovery messages where they are due; raises OSError.

        Not before every pack was polled: Home Assistant loses a second message while it processes the first.
        """
        await self._publish_device(client)
        if not client.can_discover or not self._all_polled() or self._is_published or not self._has_memory():
            return
        scope = self._lock.open()
        if scope is None:
            return  # others use lazy modules just now
        self._is_published = True
        try:
            packs = [(parts % _TEMPERATURE, parts >= _TEMPERATURE) for parts in self._parts]
            self._ranges = await scope.load(_DISCOVERY).publish(client, self._context, packs)
            if self._republishing:
                self._republishing.cancel()
            self._republishing = asyncio.create_task(self._publish_for_new_entities(client))
        except MemoryError:
            self._is_published = False
            self._postpone()
        finally:
            self._lock.close(scope)

    async def _publish_for_new_entities(self, client):
        await sleep_ms(_SUBSCRIBED_MS)
        self._device_ms = None
        self._republish(not client.retains)

    async def _publish_device(self, client):
        context = self._context
        now_ms = context.clock.uptime_ms()
        if self._device_ms is None or now_ms - self._device_ms >= _DEVICE_MS:
            self._device_ms = now_ms
            rssi = context.network.rssi if context.network else None
            device = {"uptime_s": now_ms // 1000, "wifi_rssi": rssi, "heap_free": context.board.gc_heap()[1]}
            device["low_pack"] = context.hub.low_level
            topic = "%s/%s/device" % (context.config["mqtt"]["prefix"], context.device_id)
            await client.publish(topic, json.dumps(device).encode(), retain=True)

    def _has_memory(self) -> bool:
        """Whether discovery may be published: not while load is shed, nor soon after memory was too short."""
        now_ms = self._context.clock.uptime_ms()
        is_late = self._failed_ms is None or now_ms - self._failed_ms >= _POSTPONED_MS
        return is_late and self._context.heap.allows("discovery")

    def _postpone(self):
        if self._failed_ms is None:
            text = "mqtt: not enough memory for Home Assistant discovery; trying again every %d minutes"
            self._context.log.warning(text % (_POSTPONED_MS // 60_000))
        self._failed_ms = self._context.clock.uptime_ms()

    def _all_polled(self) -> bool:
        """Whether every pack was polled; note new entities. A temperature stays: its probe may only be loose."""
        for place in range(len(self._packs)):
            pack = self._packs[place]
            if pack.link is None:
                return False
            status = pack.accepted
            parts = status.slots | self._parts[place] & _TEMPERATURE
            if status.temperature_dc is not None:
                parts |= _TEMPERATURE
            if parts != self._parts[place]:
                self._parts[place] = parts
                self._is_published = False
            for field, lowest, highest in self._ranges[place : place + 1] and self._ranges[place]:
                value = getattr(status, field)
                if value is not None and not lowest <= value <= highest:
                    self._is_published = False
        return True
