"""Readings, links and events to an MQTT broker (topics: docs/api.md)."""

import asyncio
import json

from evencell.compat import const
from evencell.forward.event_json import event_of
from evencell.forward.mqtt_client import MqttClient
from evencell.forward.mqtt_sent import Sent
from evencell.forward.status_json import status_of
from evencell.net.tcp import SendBuffer
from evencell.system.on_demand import call

_STEP_MS = const(60_000)  # within which a connection or a publication must have come to its end, one way or the other


def start(context):
    """Forward for as long as the device runs."""
    progress = context.watch.progress()
    context.mqtt = Forwarder(context, progress)
    context.supervisor.start("mqtt", context.mqtt.run, progress)


class Forwarder:
    """Keeps a connection, and publishes what the hub has.

    The network's OSError ends here: it costs a pause. That grows from 1 s to 60 s until all there is to say was taken
    by the broker, and ends early when the device joins a network.
    """

    def __init__(self, context, progress):
        self._context = context
        self._hub = context.hub
        self._progress = progress
        self._log = context.log
        self._settings = context.config["mqtt"]
        self._topic = "%s/%s" % (self._settings["prefix"], context.device_id)
        self._consumer = context.hub.subscribe(progress)
        is_telemetry = context.config["profile"] == "telemetry"  # such a device may sleep
        self._retain_state = self._settings["retain_state"] or is_telemetry
        self._lost = {} if is_telemetry else None
        self._journal = context.journal
        self._sent = self._journal.trackers if self._journal else [Sent(pack) for pack in context.hub.packs]
        self._speakers = self._make_speakers(context)
        self._buffer = SendBuffer()
        self._client = self._problem = None
        self._state = "connecting"
        self._published = self._dropped = 0

    def _make_speakers(self, context) -> list:
        """Who else speaks on the connection, if it is configured.

        Each has `listen(client)` for a new connection, `hear(topic, payload, is_retained)` for every message that
        comes, and `announce(client)` for whenever something changed; `listen` and `announce` may raise OSError.
        """
        speakers = []
        if self._settings["discovery"]:
            from evencell.forward.home_assistant import HomeAssistant

            speakers.append(HomeAssistant(context, self._start_over))
        if context.config["time"]["mqtt"] and context.board.set_time:
            from evencell.forward.mqtt_time import TimeOfBroker

            speakers.append(TimeOfBroker(context))
        if self._settings["commands"]:
            from evencell.forward.commands import Commands

            speakers.append(Commands(context, self._consumer.wake))
        if context.journal:
            from evencell.forward.journal_mqtt import Delivery

            speakers.append(Delivery(context, self._topic, self._consumer))
        return speakers

    def status(self) -> dict:
        """For /api/v1/status: how the connection is, and what was wrong with the last one."""
        published = self._published + (self._client.published if self._client else 0)
        return {"state": self._state, "problem": self._problem, "sent": published, "dropped": self._dropped}

    async def run(self):
        """Connect, publish, and connect again."""
        pause_s = 1
        while True:
            joined = self._hub.joined
            self._progress.within(_STEP_MS)
            try:
                await self._publish_while_connected(await self._connect())
            except OSError as error:
                if self._problem is None:  # until now all was well
                    pause_s = 1
                self._problem = self._sentence(error)
                self._log.warning("mqtt: %s; next try in %d s" % (self._problem, pause_s))
            finally:
                self._close()
            self._progress.within(1000 * pause_s + _STEP_MS)
            pause_s = await self._hub.pause(pause_s, joined)

    async def _connect(self) -> MqttClient:
        self._state = "connecting"
        context, settings = self._context, self._settings
        client = self._client = MqttClient(
            settings["host"],
            settings["port"],
            "evencell-" + context.device_id,
            user=settings["user"],
            password=settings["password"],
            tls=call("evencell.forward.mqtt_tls", "tls_of", context) if settings["tls"] else None,
            keepalive_s=settings["keepalive_s"],
            will=(self._topic + "/availability", b"offline", 1, True),
            on_message=self._hear,
            lost=self._lost,
            buffer=self._buffer,
        )
        await client.connect()
        self._state = "connected"
        self._log.info("mqtt: connected to %s:%d" % (settings["host"], settings["port"]))
        return client

    def _sentence(self, error: OSError) -> str:
        """What to say of it. The connection is closed first: what it has taken of the memory is no shortage."""
        under_way = self._client and self._client.under_way
        if self._client:
            self._client.close()
        return call("evencell.forward.mqtt_problems", "sentence", error, self._context, self._state, under_way)

    def _close(self):
        """The connection is over, however that came, or never was."""
        self._state = "waiting"
        if self._client:
            self._client.close()
            self._published += self._client.published
            self._client = None

    def _hear(self, topic: str, payload: bytes, is_retained: bool):
        for speaker in self._speakers:
            speaker.hear(topic, payload, is_retained)

    async def _publish_while_connected(self, client: MqttClient):
        """Publish until the connection ends; raises the OSError that ended it."""
        keeper = asyncio.create_task(self._keep(client))
        try:
            await client.publish(self._topic + "/availability", b"online", qos=1, retain=True)
            for speaker in self._speakers:
                await speaker.listen(client)
            self._start_over()
            while client.connected:
                await self._publish_events(client)
                for speaker in self._speakers:
                    self._progress.within(_STEP_MS)
                    await speaker.announce(client)
                for sent in self._sent:
                    await self._publish_pack(client, sent)
                self._problem = None
                await self._consumer.changed()
        finally:
            keeper.cancel()
        await client.run()  # says why the connection ended

    def _start_over(self):
        """Whoever listens knows nothing yet."""
        for sent in self._sent:
            sent.forget()
        self._consumer.wake()

    async def _keep(self, client: MqttClient):
        """Keep the connection alive; when it ends, wake the publisher, who would wait for the next reading."""
        try:
            await client.run()
        except OSError:
            self._consumer.wake()

    async def _publish_events(self, client: MqttClient):
        event = self._consumer.next_event()
        while event:
            pack = event[2]
            self._progress.within(_STEP_MS)
            topic = "%s/%s/event" % (self._topic, pack) if pack else self._topic + "/event"
            try:
                await client.publish(topic, json.dumps(event_of(event)).encode(), qos=1)
            except (OSError, MemoryError):
                self._consumer.unread()
                raise
            event = self._consumer.next_event()
        if self._consumer.missed:
            self._dropped += self._consumer.missed
            self._log.warning("mqtt: %d events were overwritten before they could be sent" % self._consumer.missed)
            self._consumer.missed = 0

    async def _publish_pack(self, client: MqttClient, sent: "Sent"):
        pack = sent.pack
        self._progress.within(_STEP_MS)
        topic = "%s/%s/" % (self._topic, pack.name)
        link, verdict = pack.link_name, pack.diagnosis.name
        if sent.link != link:
            await client.publish(topic + "link", link.encode(), qos=1, retain=True)
            sent.link = link
        if sent.verdict != verdict:
            await client.publish(topic + "verdict", verdict.encode(), qos=1, retain=True)
            sent.verdict = verdict
        journal = self._journal
        if journal:
            journal.look()
        else:
            sent.look(self._settings["publish_s"])
        if sent.is_pending:
            sent.is_pending = False
            state, sequence = json.dumps(status_of(pack, self._hub.clock)).encode(), pack.sequence
            await client.publish(topic + "state", state, retain=self._retain_state)
            if journal:
                journal.was_sent(sent, sequence)
