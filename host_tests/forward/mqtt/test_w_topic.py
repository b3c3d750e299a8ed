"""When the state of the W switch is published over MQTT."""

import asyncio
import json
from types import SimpleNamespace

from evencell.forward.mqtt.w_topic import WTopic
from host_tests.fakes import FakeClock


class Client:
    def __init__(self):
        self.sent = []

    async def publish(self, topic, payload, qos, retain):
        assert (topic, qos, retain) == ("evencell/id/pack1/w", 1, True)
        self.sent.append(json.loads(payload))


def test_it_is_published_when_it_is_driven_and_its_reason_once_a_minute():
    pack = SimpleNamespace(name="pack1")
    w = SimpleNamespace(pack=pack, level=None, reason="released", config={"resistor": "off"})
    context = SimpleNamespace(clock=FakeClock(), control=None)
    handler, client = WTopic(context, "evencell/id"), Client()

    def sent_after(now_ms, **changes) -> list:
        context.clock.now_ms = now_ms
        for name, value in changes.items():
            setattr(w, name, value)
        asyncio.run(handler.on_update(client))
        sent, client.sent = client.sent, []
        return sent

    assert sent_after(0) == [], "before there is a switch"
    context.control = SimpleNamespace(w=w)
    assert sent_after(0) == [{"level": "released", "reason": "released", "resistor": "off"}]
    assert sent_after(1_000) == []
    assert [found["level"] for found in sent_after(2_000, level=True, reason="on to read")] == ["on"]
    assert sent_after(3_000, reason="on: the policy wants balancing") == []
    assert [found["reason"] for found in sent_after(63_000)] == ["on: the policy wants balancing"]
    assert [found["level"] for found in sent_after(64_000, level=False)] == ["off"]
    asyncio.run(handler.on_connect(client))
    assert len(sent_after(65_000)) == 1
