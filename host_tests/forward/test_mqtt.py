"""What the forwarder publishes, and what becomes of it when that fails."""

import asyncio
import json
from types import SimpleNamespace

import pytest

from evencell.forward.mqtt import Forwarder
from evencell.hub import Hub
from host_tests.portable import FakeClock

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
    progress = SimpleNamespace(within=lambda _ms: None, woken=lambda _ms: None)
    log = SimpleNamespace(warning=warnings.append)
    config = {"mqtt": MQTT, "profile": "full", "time": {"mqtt": False}}
    context = SimpleNamespace(hub=hub, log=log, config=config, device_id="id", journal=None)
    return Forwarder(context, progress), hub, warnings


@pytest.mark.parametrize("failure", [OSError("gone"), MemoryError()])
def test_an_event_that_could_not_be_sent_is_sent_the_next_time(failure):
    forward, hub, _ = forwarder()
    client = Client(failure)
    for value in ("stale", "offline"):
        hub.post("link", "pack1", "link", value)
    with pytest.raises(type(failure)):
        asyncio.run(forward._publish_events(client))
    asyncio.run(forward._publish_events(client))
    assert client.events == ["stale", "offline"]


def test_events_that_were_overwritten_are_counted():
    forward, hub, warnings = forwarder()
    client = Client()
    for value in range(40):
        hub.post("link", "pack1", "link", value)
    asyncio.run(forward._publish_events(client))
    assert client.events == list(range(8, 40))
    assert forward.status() == {"state": "connecting", "problem": None, "sent": 0, "dropped": 8}
    assert warnings == ["mqtt: 8 events were overwritten before they could be sent"]
