"""A report: joins the network, sends all that waits over MQTT, takes waiting commands, and leaves (a lazy module)."""

import asyncio
import json

from evencell.compat import const, wait_for_ms
from evencell.forward.mqtt.forwarder import MqttClient  # on a chip they are one module
from evencell.net.tcp import shared_buffer
from evencell.power.session import call_async
from evencell.runtime.lazy import call

_JOIN_MS = const(20_000)
_CLOCK_MS = const(5_000)
_ANSWER_MS = const(8_000)  # of the broker, to each message
_MESSAGES = "evencell.power.messages"


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


def _inbox(session):
    from evencell.power.inbox import Inbox

    return Inbox(session)


class Report:
    """One connection to the broker, which keeps the session in between. Each message is acknowledged (QoS 1). Modules
    of each step are unloaded before the next one.

    There is no will: a connection that breaks says nothing about a device that sleeps.
    """

    def __init__(self, session):
        context = self._context = session.context
        settings = context.config["mqtt"]
        self.session = session
        self.topic = "%s/%s" % (settings["prefix"], context.device_id)
        self._inbox = _inbox(session) if settings["commands"] else None
        self._state = "connecting"
        self.client = MqttClient(
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
        client = self.client
        await client.connect()
        self._state = "connected"
        if self.session.wake.state.trial:
            call("evencell.power.trial", "connected", self.session)
        if self._inbox:
            await self._inbox.subscribe(client)
        await self.publish("availability", b"online")
        await call_async(_MESSAGES, "publish", self)
        await self.publish("device", json.dumps(self._device()).encode())
        if self._inbox and await self._inbox.carry_out(client):
            await call_async(_MESSAGES, "publish_commanded", self)
        self._note_reported()
        if self.session.wake.state.trial:
            call("evencell.power.trial", "reported", self.session)
        self.session.close_outbox()
        if self._context.config["mqtt"]["discovery"]:
            await self._announce()

    def sentence(self, error: OSError) -> str:
        """The problem in the owner's words."""
        under_way = self.client.under_way
        about = error, self._context, self._state, under_way, (True, 0, None)
        return call("evencell.forward.mqtt.errors", "evaluate", *about)[0]

    def close(self):
        """Leave the broker."""
        self.client.close()

    async def publish(self, topic: str, payload: bytes, retain: bool = True):
        """Publish below the device's topic, and await the broker's acknowledgement; raises OSError."""
        await self.client.publish("%s/%s" % (self.topic, topic), payload, qos=1, retain=retain)

    async def _announce(self):
        """Home Assistant's discovery comes last: a broker that rejects it has all else."""
        await call_async("evencell.power.announcement", "send", self.session, self.client)

    def _note_reported(self):
        """Everything was acknowledged."""
        state = self.session.wake.state
        state.has_gap = state.has_faults = 0
        state.reported_level = state.level
        for pack_state in state.packs:
            pack_state.reported_alarms, pack_state.reported_misses = pack_state.alarms, pack_state.misses

    def _device(self) -> dict:
        context, state = self._context, self.session.wake.state
        return {
            "uptime_s": context.clock.uptime_ms() // 1000,
            "wifi_rssi": context.network.rssi if context.network else None,
            "heap_free": context.board.gc_heap()[1],
            "interval_s": state.interval_s,
            "report_s": state.report_s,
            "low_pack": state.level,
        }
