"""What the forwarder publishes, and what becomes of it when that fails."""

import asyncio
import json
from types import SimpleNamespace

import pytest

from evencell.forward.mqtt.client import MqttClient
from evencell.forward.mqtt.forwarder import Forwarder
from evencell.forward.mqtt.packets import publish_header
from evencell.hub import Hub
from evencell.net.tcp import SendBuffer
from host_tests.fakes import FakeClock

MQTT = {
    "prefix": "evencell",
    "commands": False,
    "retain_state": False,
    "discovery": False,
    "publish_s": 10,
    "keepalive_s": 30,
}


class Client:
    """Takes what is published; the first publications fail, each in its own way."""

    def __init__(self, *failures):
        self.events = []
        self._failures = list(failures)

    async def publish(self, _topic, payload, qos):
        if self._failures:
            raise self._failures.pop(0)
        assert qos == 1
        self.events.append(json.loads(payload)["value"])


def forwarder():
    """One without a broker, its hub, and its log."""
    warnings = []
    hub = Hub([], FakeClock())
    heartbeat = SimpleNamespace(set_deadline=lambda _ms: None, resume=lambda _ms: None)
    log = SimpleNamespace(warning=warnings.append)
    config = {"mqtt": MQTT, "profile": "full", "time": {"mqtt": False}}
    context = SimpleNamespace(hub=hub, log=log, config=config, device_id="id", outbox=None)
    return Forwarder(context, heartbeat), hub, warnings


@pytest.mark.parametrize("failure", [OSError("gone"), MemoryError()])
def test_event_that_failed_is_sent_again(failure):
    forward, hub, _ = forwarder()
    client = Client(failure)
    for value in ("stale", "offline"):
        hub.post("link", "pack1", "link", value)
    with pytest.raises(type(failure)):
        asyncio.run(forward._publish_events(client))
    asyncio.run(forward._publish_events(client))
    assert client.events == ["stale", "offline"]


def test_overwritten_events_are_counted():
    forward, hub, warnings = forwarder()
    client = Client()
    for value in range(40):
        hub.post("link", "pack1", "link", value)
    asyncio.run(forward._publish_events(client))
    assert client.events == list(range(24, 40))
    assert forward.status() == {"state": "connecting", "problem": None, "sent": 0, "dropped": 24}
    assert warnings == ["mqtt: 24 events were overwritten before they could be sent"]


class NarrowWire:
    """Takes `room` bytes at a time, and lets `others` run whenever it was asked."""

    def __init__(self, room: int, others):
        self.taken = b""
        self._room = room
        self._others = others

    def write(self, data) -> int:
        self.taken += bytes(data[: self._room])
        self._others()
        return min(self._room, len(data))


def test_unsent_rest_survives_other_users_of_the_shared_buffer():
    buffer, payload = SendBuffer(), b"".join([b"%04d" % number for number in range(500)])

    def others():
        buffer.clear()
        buffer.fill(iter([b"x" * 100]))

    async def scenario():
        client = MqttClient("host", 1883, "id", buffer=buffer)
        client.connected, client._wire = True, NarrowWire(600, others)
        await client.publish("topic", payload)
        return client._wire.taken

    assert asyncio.run(scenario()) == bytes(publish_header("topic", len(payload), 0, False)) + payload


def test_memory_error_while_receiving_ends_the_connection():
    async def scenario():
        client = MqttClient("host", 1883, "id", buffer=SendBuffer())

        async def read_exactly(_count):
            raise MemoryError

        client.connected, client._wire = True, SimpleNamespace(read_exactly=read_exactly, write=len, close=lambda: None)
        client._reading = asyncio.create_task(client._read_packets())
        with pytest.raises(OSError, match="memory"):
            await client.run()

    asyncio.run(scenario())
