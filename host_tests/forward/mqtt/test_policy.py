"""When the state of a balance policy is published over MQTT."""

import asyncio
import json
from types import SimpleNamespace

from evencell.forward.mqtt.policy import PolicyTopic
from host_tests.fakes import FakeClock


class Client:
    def __init__(self):
        self.sent = []

    async def publish(self, topic, payload, qos, retain):
        assert (topic, qos, retain) == ("evencell/id/pack1/policy", 1, True)
        self.sent.append(json.loads(payload))


def test_it_is_published_when_it_switches_and_its_reason_once_a_minute():
    pack = SimpleNamespace(name="pack1")
    state = SimpleNamespace(pack=pack, preset=None, is_on=None, reason="waiting", problem=None)
    context = SimpleNamespace(clock=FakeClock(), control=None, config={"control": {"policy": {"preset": "rest"}}})
    handler, client = PolicyTopic(context, "evencell/id"), Client()

    def sent_after(now_ms, **changes) -> list:
        context.clock.now_ms = now_ms
        for name, value in changes.items():
            setattr(state, name, value)
        del client.sent[:]
        asyncio.run(handler.on_update(client))
        return [(message["state"], message["reason"]) for message in client.sent]

    assert sent_after(0) == []
    context.control = SimpleNamespace(states=[state])
    assert sent_after(0) == [("waiting", "waiting")]
    assert sent_after(1_000, is_on=False, reason="off: at rest for 0 of 600 s") == [
        ("off", "off: at rest for 0 of 600 s")
    ]
    assert sent_after(31_000, reason="off: at rest for 30 of 600 s") == []
    assert sent_after(61_000) == [("off", "off: at rest for 30 of 600 s")]
    assert sent_after(200_000) == []
    assert sent_after(200_001, is_on=True, reason="on: at rest for 10 minutes")[0][0] == "on"
    assert sent_after(200_002, problem="the pack is read-only")[0][0] == "on"
    asyncio.run(handler.on_connect(client))
    assert len(sent_after(200_003)) == 1
    assert sent_after(200_004, preset="off", is_on=None, reason="no policy is set") == [(None, "no policy is set")]
    assert client.sent[0]["preset"] == "off"
