"""A report: joins the network, sends all that waits over MQTT, takes waiting commands, and leaves (a lazy module)."""

import asyncio
import json

from evencell.compat import const, wait_for_ms
from evencell.forward.event_json import event_of
from evencell.forward.mqtt.forwarder import MqttClient  # on a chip they are one module
from evencell.forward.outbox.mqtt_replay import Replay
from evencell.forward.outbox.outbox import MQTT
from evencell.forward.status_json import status_of
from evencell.net.tcp import shared_buffer
from evencell.pack.alarms import cells_of, names_of
from evencell.pack.pack import ASLEEP, OFFLINE, STALE
from evencell.power.due import OFFLINE_MISSES
from evencell.power.inbox import Inbox
from evencell.power.session import call_async
from evencell.runtime.lazy import call

_JOIN_MS = const(20_000)
_CLOCK_MS = const(5_000)
_ANSWER_MS = const(8_000)  # of the broker, to each message
_NETWORK = "network"


async def send(session):
    """All phases, each with a deadline; raises OSError with a sentence."""
    try:
        await wait_for_ms(call_async("evencell.power.join", "join", session), _JOIN_MS)
    except asyncio.TimeoutError:
        raise OSError("no network within %d s" % (_JOIN_MS // 1000))
    try:
        await wait_for_ms(call_async("evencell.power.time_of_day", "refresh", session), _CLOCK_MS)
    except asyncio.TimeoutError:
        pass  # the clock stays as it is
    session.outbox.date()
    report = Report(session)
    try:
        await report.send()
    except OSError as error:
        raise OSError(report.sentence(error))
    finally:
        report.close()


class Report:
    """One connection to the broker, which keeps the session in between. Each message is acknowledged (QoS 1).

    There is no will: a connection that breaks says nothing about a device that sleeps.
    """

    def __init__(self, session):
        context = self._context = session.context
        settings = context.config["mqtt"]
        self._session = session
        self._topic = "%s/%s" % (settings["prefix"], context.device_id)
        self._inbox = Inbox(session) if settings["commands"] else None
        self._state = "connecting"
        self._client = MqttClient(
            settings["host"],
            settings["port"],
            "evencell-" + context.device_id,
            user=settings["user"],
            password=settings["password"],
            tls=call("evencell.forward.mqtt.tls", "tls_of", context) if settings["tls"] else None,
            keepalive_s=settings["keepalive_s"],
            on_message=self._inbox and self._inbox.on_message,
            lost={},
            timeout_ms=_ANSWER_MS,
            buffer=shared_buffer(context),
        )

    async def send(self):
        """Connect, and publish everything; raises OSError."""
        client = self._client
        await client.connect()
        self._state = "connected"
        if self._inbox:
            await self._inbox.subscribe(client)
        await self._publish("availability", b"online")
        await self._publish_readings()
        for pack_state, pack in self._session.packs:
            await self._publish_link(pack_state, pack)
        self._post_events()
        await self._publish_events()
        await self._publish("device", json.dumps(self._device()).encode())
        if self._inbox and await self._inbox.carry_out(client):
            await self._publish_readings()
            await self._publish_events()
        self._note_reported()
        if self._context.config["mqtt"]["discovery"]:
            await self._announce()

    def sentence(self, error: OSError) -> str:
        """The problem in the owner's words."""
        under_way = self._client.under_way
        about = error, self._context, self._state, under_way, (True, 0, None)
        return call("evencell.forward.mqtt.errors", "evaluate", *about)[0]

    def close(self):
        """Leave the broker."""
        self._client.close()

    async def _publish(self, topic: str, payload: bytes, retain: bool = True):
        await self._client.publish("%s/%s" % (self._topic, topic), payload, qos=1, retain=retain)

    async def _publish_readings(self):
        """The backlog, oldest first, then the readings of this wake as states."""
        outbox, packs = self._session.outbox, self._session.packs
        for place, (pack_state, _) in enumerate(packs):
            outbox.filters[place].set_pending(pack_state.misses == 0)
        replay = Replay(outbox, self._topic)
        while outbox.has_backlog():
            await replay.publish(self._client)
        for pack_state, pack in packs:
            if pack_state.misses == 0:
                pack.link = ASLEEP  # as of the end of this wake
                state = json.dumps(status_of(pack, self._context.clock)).encode()
                await self._publish(pack.name + "/state", state)
        outbox.acknowledge(MQTT, outbox.end)

    async def _publish_link(self, pack_state, pack):
        """The balancer's link, the verdict on its line, and when its last reading was taken."""
        clock, verdict = self._context.clock, "ok"
        pack.link = STALE if pack_state.misses else ASLEEP
        if pack_state.misses >= OFFLINE_MISSES:
            pack.link = OFFLINE
            verdict = await call_async("evencell.power.verdict", "verdict", pack_state, pack)
        if pack.link == OFFLINE or (pack.link == ASLEEP and pack.sequence):
            await self._publish(pack.name + "/verdict", verdict.encode())
        read_s = clock.unix_s_at(pack.read_ms) if pack.sequence else None
        if read_s is not None:
            await self._publish(pack.name + "/last_reading", clock.iso(read_s).encode())
        if pack.link != STALE or pack.sequence:
            await self._publish(pack.name + "/link", pack.link_name.encode())

    async def _announce(self):
        """Home Assistant's discovery comes last: a broker that rejects it has all else."""
        await call_async("evencell.power.announcement", "send", self._session, self._client)

    def _post_events(self):
        """What changed since the last report."""
        hub, state = self._context.hub, self._session.wake.state
        for fault in self._context.config["faults"] if state.has_faults else ():
            hub.post("config", None, fault.split(":")[0], fault)
        if state.level != state.reported_level:
            hub.post("power", None, "low_pack", state.level)
        for pack_state, pack in self._session.packs:
            if state.has_gap:
                hub.post("power", pack.name, "gap", state.spill_every)
            alarms = names_of(pack_state.alarms)
            for name in names_of(pack_state.alarms ^ pack_state.reported_alarms):
                is_active = name in alarms
                hub.post("alarm", pack.name, name, is_active, cells_of(pack.accepted, name) if is_active else [])

    def _note_reported(self):
        """Everything was acknowledged."""
        state = self._session.wake.state
        state.has_gap = state.has_faults = 0
        state.reported_level = state.level
        for pack_state in state.packs:
            pack_state.reported_alarms, pack_state.reported_misses = pack_state.alarms, pack_state.misses

    async def _publish_events(self):
        events = self._session.events
        event = events.next_event()
        while event:
            if event[1] == _NETWORK:  # each report joins one
                event = events.next_event()
                continue
            topic = "%s/event" % event[2] if event[2] else "event"
            await self._publish(topic, json.dumps(event_of(event)).encode(), retain=False)
            event = events.next_event()

    def _device(self) -> dict:
        context, state = self._context, self._session.wake.state
        return {
            "uptime_s": context.clock.uptime_ms() // 1000,
            "wifi_rssi": context.network.rssi if context.network else None,
            "heap_free": context.board.gc_heap()[1],
            "interval_s": state.interval_s,
            "report_s": state.report_s,
            "low_pack": state.level,
        }
