"""What is published about a pack, and in which order: at the start, when a balancer comes back, after announcements."""

import datetime
import json

import pytest

from host_tests.broker import Broker
from host_tests.end_to_end.chain import FIXED, Firmware, Simulator
from host_tests.end_to_end.home_assistant import is_announcement
from host_tests.end_to_end.listener import Listener
from host_tests.end_to_end.overheard import Overheard
from host_tests.end_to_end.process import until
from host_tests.needs import need_broker

PACK = {"interval_ms": 200, "timeout_ms": 100}
BIRTH = "homeassistant/status"
# So rarely that whatever comes has another reason.
RARELY = {"packs": [PACK], "mqtt": {"publish_s": 3600, "discovery_prefix": "announced"}}


@pytest.fixture(scope="module")
def device(tmp_path_factory):
    with Overheard(tmp_path_factory.mktemp("device"), *FIXED, config=RARELY) as device:
        yield device


def of_pack(listener: Listener, since: int = 0) -> list[tuple[str, str]]:
    """Topic below the pack and payload, in the order of arrival."""
    parts = [(message.topic.split("/pack1/"), message.payload) for message in list(listener.messages)[since:]]
    return [(topic[1], payload) for topic, payload in parts if len(topic) == 2]


def test_at_the_start_a_pack_has_a_state_before_it_is_online_and_never_was_offline(device):
    device.listener.wait("/pack1/verdict")
    told = [(topic, payload) for topic, payload in of_pack(device.listener) if topic != "event"]
    assert told[0][0] == "state"
    assert next(payload for topic, payload in told if topic == "link") == "online"
    assert next(payload for topic, payload in told if topic == "verdict") == "ok"
    topics = [message.topic.rsplit("/", 1)[1] for message in device.listener.messages]
    assert topics.index("availability") < topics.index("state")


def test_states_come_again_once_home_assistant_has_subscribed(device):
    """They are not retained; it subscribes after it has read the announcement."""
    messages = device.listener.messages
    messages.wait(lambda message: message.topic.startswith("announced/device/"), "the announcement")
    after = next(i for i, message in enumerate(list(messages)) if message.topic.startswith("announced/device/"))
    until(lambda: len(device.listener.payloads("/pack1/state", after)) >= 2, "two states after the announcement")
    assert device.listener.payloads("/pack1/link", after)[1:] == []


def test_the_birth_message_is_heard_whatever_the_discovery_prefix_is(device):
    before = len(device.listener.messages)
    device.listener.say(BIRTH, "online")
    device.listener.messages.wait(lambda message: message.topic.startswith("announced/device/"), "it again", before)
    device.listener.wait("/pack1/link", "online", before)
    device.listener.wait("/pack1/state", since=before)


def test_when_the_balancer_comes_back_its_state_comes_before_its_link(device):
    device.simulator.switch("+silent")
    device.listener.wait("/pack1/link", "offline")
    before = len(device.listener.messages)
    device.simulator.switch("-silent")
    device.listener.wait("/pack1/link", "online", before)
    told = [(topic, payload) for topic, payload in of_pack(device.listener, before) if topic != "event"]
    assert [topic for topic, _ in told[: told.index(("link", "online"))]].count("state") == 1
    state = json.loads(next(payload for topic, payload in told if topic == "state"))
    assert state["link"] == "online" and state["age_ms"] < 1000


def test_the_last_reading_is_retained_and_exact_once_the_link_is_lost(device):
    device.simulator.switch("+silent")
    before = len(device.listener.messages)
    device.listener.wait("/pack1/link", "offline", before)
    with Listener(device.broker.port) as late:
        message = late.wait("/pack1/last_reading")
    device.simulator.switch("-silent")
    assert message.retained
    time = datetime.datetime.fromisoformat(message.payload)
    assert time.tzinfo is not None
    at_the_loss = next(m.json() for m in list(device.listener.messages)[before:] if is_lost(m))
    assert 0 <= at_the_loss["time"] - time.timestamp() <= 5


def is_lost(message) -> bool:
    return message.topic.endswith("/pack1/event") and message.json()["value"] == "stale"


def test_of_a_silent_balancer_nothing_is_said_that_sounds_well(tmp_path):
    config = {"packs": [{"interval_ms": 100, "timeout_ms": 100}], "mqtt": {"publish_s": 1}}
    with Overheard(tmp_path, "--fault", "silent", config=config) as device:
        status = device.firmware.pack()
        assert status["link"] in (None, "offline") and status["diagnosis"]["verdict"] in (None, "silent")
        device.listener.wait("/pack1/link", "offline")
        device.listener.wait("/pack1/verdict", "silent")
        device.listener.messages.wait(is_announcement, "the announcement")
        topics = {topic for topic, _ in of_pack(device.listener)}
        assert topics == {"link", "verdict", "event"}
        assert "ok" not in device.listener.payloads("/pack1/verdict")


def test_a_broker_with_a_packet_limit_gets_all_but_discovery_and_is_named(tmp_path):
    need_broker()
    with (
        Broker("allow_anonymous true", "max_packet_size 4096") as broker,
        Simulator(tmp_path, *FIXED) as simulator,
        Listener(broker.port, "#") as listener,
        Firmware(tmp_path / "device", simulator.link, config={"packs": [PACK]}, mqtt=broker.port) as firmware,
    ):
        for topic in ("/pack1/state", "/pack1/last_reading"):
            listener.wait(topic)
        listener.wait("/pack1/link", "online")
        until(lambda: "max_packet_size" in (firmware.mqtt()["problem"] or ""), "the sentence")
        assert firmware.mqtt()["state"] == "connected"
        assert "homeassistant/device/" in firmware.mqtt()["problem"]


def test_a_broker_without_retained_messages_is_named_and_gets_all_others(tmp_path):
    need_broker()
    config = {"packs": [PACK], "mqtt": {"publish_s": 1}}
    with (
        Broker("allow_anonymous true", "retain_available false") as broker,
        Simulator(tmp_path, *FIXED) as simulator,
        Listener(broker.port, "#") as listener,
        Firmware(tmp_path / "device", simulator.link, config=config, mqtt=broker.port) as firmware,
    ):
        listener.wait("/availability", "online")
        listener.wait("/pack1/state")
        listener.messages.wait(is_announcement, "the announcement")
        until(lambda: firmware.mqtt()["state"] == "connected", "the connection")
        assert "retain_available false" in firmware.mqtt()["problem"]
        before = len(listener.messages)
        listener.say(BIRTH, "online")
        for topic, payload in (("/availability", "online"), ("/pack1/link", "online"), ("/pack1/verdict", "ok")):
            listener.wait(topic, payload, before)
        assert not any(message.retained for message in listener.messages)
        broker.use("allow_anonymous true")
        broker.kill()
        broker.start()
        until(lambda: firmware.mqtt() | {"sent": 0} == WELL, "retained messages again")
        with Listener(broker.port) as late:
            assert late.wait("/availability").retained


WELL = {"state": "connected", "problem": None, "sent": 0, "dropped": 0}
