"""Publishes readings, links and events to an MQTT broker (topics: docs/api.md)."""

import asyncio
import json

from evencell.compat import const
from evencell.forward.change_filter import ChangeFilter
from evencell.forward.event_json import event_of
from evencell.forward.mqtt.client import MqttClient
from evencell.forward.status_json import status_of, verdict_of
from evencell.net.network_backoff import NetworkBackoff
from evencell.net.tcp import shared_buffer
from evencell.runtime.lazy import call, lazy

_ERRORS = "evencell.forward.mqtt.errors"
_STEP_MS = const(60_000)  # deadline of a connection attempt or a publication
_LAST_READING_S = const(300)  # between two of `last_reading`, unless the link changes
# Indices of what was published last of a pack.
_LINK = const(0)
_VERDICT = const(1)
_READ_S = const(2)
_HANDLERS = "evencell.forward.mqtt.handlers"


def start(context):
    """Forward for as long as the device runs."""
    heartbeat = context.watchdog.heartbeat()
    context.mqtt = Forwarder(context, heartbeat)
    context.supervisor.start("mqtt", context.mqtt.run, heartbeat)


class Forwarder:
    """Keeps a connection, and publishes what the hub has.

    An OSError of the network ends here: the next attempt follows after a backoff of 1 s to 60 s, which is reset once
    the broker has received everything, and ends early when the device joins a network.
    """

    def __init__(self, context, heartbeat):
        self._context = context
        self._hub = context.hub
        self._heartbeat = heartbeat
        self._log = context.log
        self._settings = context.config["mqtt"]
        self._topic = "%s/%s" % (self._settings["prefix"], context.device_id)
        self._consumer = context.hub.subscribe(heartbeat)
        is_telemetry = context.config["profile"] == "telemetry"  # such a device may sleep
        self._retain_state = self._settings["retain_state"] or is_telemetry
        self._lost = {} if is_telemetry else None
        self._outbox = context.outbox
        self._filters = context.outbox.filters if context.outbox else [ChangeFilter(pack) for pack in context.hub.packs]
        self._last_values = {}  # by pack, of what was published: `link`, `verdict`, and the time of `last_reading`
        scope = lazy()
        self._handlers = scope.load(_HANDLERS).handlers(context, self._topic, self._consumer, self._republish)
        scope.unload()
        self.client = self._problem = None
        # What the broker rejects, as errors.py knows it: whether it retains messages, how many tries discovery has.
        self._retains, self._tries, self._limit = True, 2, None
        self._is_online = False  # whether `availability` was published as online
        self._state = "connecting"
        self._published = self._dropped = 0

    def status(self) -> dict:
        """State of the connection and problem of the last one, for /api/v1/status."""
        published = self._published + (self.client.published if self.client else 0)
        return {"state": self._state, "problem": self._problem, "sent": published, "dropped": self._dropped}

    async def run(self):
        """Connect, publish, and connect again."""
        backoff = NetworkBackoff(self._context)
        while True:
            self._heartbeat.set_deadline(_STEP_MS)
            try:
                await self._publish_while_connected(await self._connect())
            except OSError as error:
                if self._problem == self._limit:  # everything had been published
                    backoff.reset()
                self._problem = self._sentence(error)
                pause_s = backoff.fail(self._context.clock.uptime_ms()) // 1000
                self._log.warning("mqtt: %s; next try in %d s" % (self._problem, pause_s))
            finally:
                self._close()
            await backoff.wait(self._heartbeat, _STEP_MS)

    async def _connect(self) -> MqttClient:
        self._state = "connecting"
        context, settings = self._context, self._settings
        client = self.client = MqttClient(
            settings["host"],
            settings["port"],
            "evencell-" + context.device_id,
            user=settings["user"],
            password=settings["password"],
            tls=call("evencell.forward.mqtt.tls", "tls_of", context) if settings["tls"] else None,
            keepalive_s=settings["keepalive_s"],
            will=(self._topic + "/availability", b"offline", 1, self._retains or False),
            on_message=self._on_message,
            lost=self._lost,
            buffer=shared_buffer(context),
        )
        client.retains = self._retains is not False
        client.can_discover = self._tries > 0
        await client.connect()
        self._state = "connected"
        self._log.info("mqtt: connected to %s:%d" % (settings["host"], settings["port"]))
        return client

    def _sentence(self, error: OSError) -> str:
        """The problem as a sentence. Closes the connection first: the memory that it used is no shortage."""
        state, under_way = self._state, self.client and self.client.under_way
        self._close()
        limits = self._retains, self._tries, self._limit
        sentence, limits = call(_ERRORS, "evaluate", error, self._context, state, under_way, limits)
        self._retains, self._tries, self._limit = limits
        return sentence

    def _close(self):
        """Close the connection, if there is one."""
        self._state = "waiting"
        if self.client:
            self.client.close()
            self._published += self.client.published
            self.client = None

    def _on_message(self, topic: str, payload: bytes, age: int, _packet_id: int):
        for handler in self._handlers:
            handler.on_message(topic, payload, age)

    async def _publish_while_connected(self, client: MqttClient):
        """Publish until the connection ends; raises the OSError that ended it."""
        keeper = asyncio.create_task(self._keep(client))
        try:
            for handler in self._handlers:
                await handler.on_connect(client)
            self._republish()
            while client.connected:
                if not self._is_online:
                    self._is_online = True
                    await client.publish(self._topic + "/availability", b"online", qos=1, retain=True)
                if self._retains is None:
                    self._retains, self._limit = True, None  # connect again with a retained will
                    return
                await self._publish_events(client)
                for handler in self._handlers:
                    self._heartbeat.set_deadline(_STEP_MS)
                    await handler.on_update(client)
                for changes in self._filters:
                    await self._publish_pack(client, changes)
                self._problem = self._limit
                await self._consumer.changed()
        finally:
            keeper.cancel()
        await client.run()  # raises the error that ended the connection

    def _republish(self, everything: bool = True):
        """Publish again what subscribers may have missed: every topic, or the states alone, which are not retained."""
        if everything:
            self._is_online = False
            self._last_values = {}
        for changes in self._filters:
            changes.set_pending(True)
        self._consumer.wake()

    async def _keep(self, client: MqttClient):
        """Keep the connection alive; when it ends, wake the publisher, which may be waiting for a reading."""
        try:
            await client.run()
        except OSError:
            self._consumer.wake()

    async def _publish_events(self, client: MqttClient):
        event = self._consumer.next_event()
        while event:
            pack = event[2]
            self._heartbeat.set_deadline(_STEP_MS)
            topic = "%s/%s/event" % (self._topic, pack) if pack else self._topic + "/event"
            try:
                await client.publish(topic, json.dumps(event_of(event)).encode(), qos=1)
            except (OSError, MemoryError):
                self._consumer.step_back()
                raise
            event = self._consumer.next_event()
        if self._consumer.missed:
            self._dropped += self._consumer.missed
            self._log.warning("mqtt: %d events were overwritten before they could be sent" % self._consumer.missed)
            self._consumer.missed = 0

    async def _publish_pack(self, client: MqttClient, changes: ChangeFilter):
        """Publish what is new of a pack: the state first, for subscribers use it once `link` is online."""
        pack, outbox = changes.pack, self._outbox
        last = self._last_values.setdefault(pack, [None, None, 0])
        self._heartbeat.set_deadline(_STEP_MS)
        topic = "%s/%s/" % (self._topic, pack.name)
        link, verdict = pack.link_name, verdict_of(pack)
        has_new_link = last[_LINK] != link
        if outbox:
            outbox.update()
        else:
            changes.update(self._settings["publish_s"])
        if changes.is_pending or (has_new_link and link == "online"):
            changes.set_pending(False)
            state, sequence = json.dumps(status_of(pack, self._hub.clock)).encode(), pack.sequence
            await client.publish(topic + "state", state, retain=self._retain_state)
            if outbox:
                outbox.mark_sent(pack, sequence)
        read_s = self._hub.clock.unix_s_at(pack.read_ms) if pack.sequence else None
        if read_s is not None and abs(read_s - last[_READ_S]) >= (1 if has_new_link else _LAST_READING_S):
            read = self._hub.clock.iso(read_s).encode()
            await client.publish(topic + "last_reading", read, qos=1, retain=True)
            last[_READ_S] = read_s
        if link and has_new_link:
            await client.publish(topic + "link", link.encode(), qos=1, retain=True)
            last[_LINK] = link
        if verdict and last[_VERDICT] != verdict:
            await client.publish(topic + "verdict", verdict.encode(), qos=1, retain=True)
            last[_VERDICT] = verdict
