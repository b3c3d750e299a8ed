"""Readings, links and events to an MQTT broker (topics: docs/api.md)."""

import asyncio
import json
from array import array

from evencell.compat import const, ticks_diff, ticks_ms
from evencell.forward.event_json import event_of
from evencell.forward.mqtt_client import MqttClient
from evencell.forward.status_json import status_of
from evencell.pack.fields import FIELDS
from evencell.protocol.jk_balancer import CELL_SLOTS

_STEP_MS = const(60_000)  # within which a connection or a publication must have come to its end, one way or the other
_EARLY_MS = const(500)  # rather than a whole poll late: readings come at an interval of their own

# How far a field may move, in its own unit, before it is worth a message of its own; any other change is.
_DEADBANDS = {"voltage": 5, "cells": 5, "current": 100, "temperature": 5}
# What moves with the cells, and is not looked at apart.
_DERIVED = ("highest_cell", "lowest_cell", "temperature_raw")


def start(context):
    """Forward for as long as the device runs."""
    progress = context.watch.progress()
    context.supervisor.start("mqtt", Forwarder(context, progress).run, progress)


class Forwarder:
    """Keeps a connection, and publishes what the hub has.

    The network's OSError ends here: it costs a pause. That grows from 1 s to 60 s while the broker stays away, and ends
    early when the device joins a network.
    """

    def __init__(self, context, progress):
        self._hub = context.hub
        self._progress = progress
        self._log = context.log
        self._settings = context.config["mqtt"]
        self._id = context.device_id
        self._topic = "%s/%s" % (self._settings["prefix"], self._id)
        self._consumer = context.hub.subscribe(progress)
        self._retain_state = self._settings["retain_state"] or context.config["profile"] == "telemetry"
        self._sent = [Sent(pack) for pack in context.hub.packs]
        self._speakers = self._make_speakers(context)

    def _make_speakers(self, context) -> list:
        """Who else speaks on the connection, if it is configured.

        Each has `listen(client)` for a new connection, `hear(topic, payload, is_retained)` for every message that
        comes, and `announce(client)` for whenever something changed; `listen` and `announce` may raise OSError.
        """
        speakers = []
        if self._settings["discovery"]:
            from evencell.forward.home_assistant import HomeAssistant

            speakers.append(HomeAssistant(context, self._start_over))
        return speakers

    async def run(self):
        """Connect, publish, and connect again."""
        pause_s = 1
        while True:
            client = self._client()
            joined = self._hub.joined
            self._progress.within(_STEP_MS)
            try:
                await client.connect()
                self._log.info("mqtt: connected to %s:%d" % (self._settings["host"], self._settings["port"]))
                pause_s = 1
                await self._publish_while_connected(client)
            except OSError as error:
                self._log.warning("mqtt: %s; next try in %d s" % (error, pause_s))
            finally:
                client.close()
            self._progress.within(1000 * pause_s + _STEP_MS)
            pause_s = await self._hub.pause(pause_s, joined)

    def _client(self) -> MqttClient:
        settings = self._settings
        return MqttClient(
            settings["host"],
            settings["port"],
            "evencell-" + self._id,
            user=settings["user"],
            password=settings["password"],
            tls=self._tls() if settings["tls"] else None,
            will=(self._topic + "/availability", b"offline", 1, True),
            on_message=self._hear,
        )

    def _hear(self, topic: str, payload: bytes, is_retained: bool):
        for speaker in self._speakers:
            speaker.hear(topic, payload, is_retained)

    def _tls(self):
        """Encrypted, but to whom? That is not checked yet, and the log says so."""
        import ssl

        self._log.warning("mqtt: the broker's certificate is not checked")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if hasattr(context, "check_hostname"):
            context.check_hostname = False  # pyright: ignore[reportAttributeAccessIssue] (CPython's must go first)
        context.verify_mode = ssl.CERT_NONE
        return context

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
            except OSError:
                self._consumer.unread()
                raise
            event = self._consumer.next_event()
        if self._consumer.missed:
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
        if sent.state_is_due(1000 * self._settings["publish_s"] - _EARLY_MS):
            state = json.dumps(status_of(pack, self._hub.clock)).encode()
            sent.remember()
            await client.publish(topic + "state", state, retain=self._retain_state)


class Sent:
    """What the broker was last told about a pack, to see what has changed since."""

    __slots__ = ("_at_ms", "_cells_mv", "_sequence", "_values", "link", "pack", "verdict")

    def __init__(self, pack):
        self.pack = pack
        self.link = self.verdict = None
        self._values: dict = {}
        self._sequence = 0
        self._at_ms = 0
        self._cells_mv = array("H", bytes(2 * CELL_SLOTS))

    def forget(self):
        """A new connection starts with everything."""
        self.link = self.verdict = None
        self._values = {}
        self._sequence = 0

    def state_is_due(self, interval_ms: int) -> bool:
        """Whether there is a new reading that differs, or that comes after the interval is over."""
        if self.pack.sequence == self._sequence:
            return False
        return not self._values or ticks_diff(ticks_ms(), self._at_ms) >= interval_ms or self._differs()

    def remember(self):
        """The accepted reading is being sent."""
        status = self.pack.accepted
        self._values = {name: getattr(status, name) for name, _, kind, _ in FIELDS if kind != "cells"}
        for cell in range(CELL_SLOTS):
            self._cells_mv[cell] = status.cells_mv[cell]
        self._sequence = self.pack.sequence
        self._at_ms = ticks_ms()

    def _differs(self) -> bool:
        status = self.pack.accepted
        for cell in range(CELL_SLOTS):
            if abs(status.cells_mv[cell] - self._cells_mv[cell]) > _DEADBANDS["cells"]:
                return True
        for name, _, kind, _ in FIELDS:
            if kind == "cells" or name in _DERIVED:
                continue
            if _moved(getattr(status, name), self._values[name], kind):
                return True
        return False


def _moved(now, before, kind: str) -> bool:
    deadband = _DEADBANDS.get(kind)
    if deadband is None or now is None or before is None:
        return now != before
    return abs(now - before) > deadband
