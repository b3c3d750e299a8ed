"""The queue of MQTT commands, and results kept until the broker has them."""

import asyncio
import json
import sys
from types import SimpleNamespace

from evencell.forward.mqtt.client import MqttError
from evencell.forward.mqtt.commands import Commands
from evencell.forward.mqtt.packets import RETAINED, WAITED
from evencell.pack.status import Status
from evencell.runtime.supervisor import Supervisor
from host_tests.fakes import FakeClock

BASE = "evencell/aa61002f3d49/"
TOPIC = BASE + "pack1/set/trigger_mv"


class Device:
    """A context with one pack; its writer waits until it is `let`."""

    def __init__(self, broken=None):
        self.device_id = "aa61002f3d49"
        self.clock = FakeClock()
        self.config = {"mqtt": {"prefix": "evencell"}, "packs": [{"writable": True}]}
        self.logged = []
        self.log = SimpleNamespace(warning=self.logged.append, exception=lambda *_: self.logged.append("a bug"))
        self.supervisor = Supervisor(self.log)
        pack = SimpleNamespace(name="pack1", sequence=0, accepted=Status(), writer=self._write)
        self.hub = SimpleNamespace(packs=[pack])
        self.let = asyncio.Event()
        self.written = []
        self.woken = asyncio.Event()
        self.commands = Commands(self, self.woken.set)
        self.broken = broken

    async def _write(self, _name, given, _source):
        await self.let.wait()
        if self.broken:
            raise self.broken
        self.written.append(given)
        return {"requested": given, "active": given, "error": None, "warnings": []}

    def hear(self, *payloads, topic=TOPIC, age=0):
        for payload in payloads:
            self.commands.on_message(topic, payload, age)

    async def results(self, count: int, client=None) -> list:
        client = client or Client()
        while len(client.sent) < count:
            await self.commands.on_update(client)
            await asyncio.sleep(0)
        return [json.loads(payload) for _, payload in client.sent]


class Client:
    """Takes what is published, or fails in its own way."""

    def __init__(self, subscribe_fails=None, publish_fails=None):
        self.sent = []
        self.topics = []
        self._subscribe_fails = subscribe_fails
        self.publish_fails = publish_fails

    async def subscribe(self, topic):
        self.topics.append(topic)
        if self._subscribe_fails:
            raise self._subscribe_fails

    async def publish(self, topic, payload, qos):
        assert qos == 1
        if self.publish_fails:
            raise self.publish_fails
        self.sent.append((topic, payload))


def run(scenario, **options):
    async def with_device():
        await scenario(Device(**options))

    asyncio.run(with_device())


def test_settings_of_every_pack_are_subscribed():
    async def scenario(device):
        client = Client()
        await device.commands.on_connect(client)
        assert client.topics == [BASE + "+/set/+"]

    run(scenario)


def test_refused_subscription_is_logged():
    async def scenario(device):
        await device.commands.on_connect(Client(subscribe_fails=MqttError("subscription refused by the broker")))
        assert device.logged == ["mqtt: subscription refused by the broker: commands are not received"]

    run(scenario)


def test_result_is_on_the_topic_of_its_pack():
    sys.modules.pop("evencell.forward.mqtt.command_message", None)  # another test's

    async def scenario(device):
        device.let.set()
        device.hear(b"10")
        await device.woken.wait()
        client = Client()
        assert [result["active"] for result in await device.results(1, client)] == [10]
        assert client.sent[0][0] == BASE + "pack1/result"
        assert "evencell.forward.mqtt.command_message" not in sys.modules

    run(scenario)


def test_only_messages_on_command_topics_are_commands():
    async def scenario(device):
        device.let.set()
        others = ("pack1/set", "a/b/set/c", "pack1/get/trigger_mv", "pack1/set/x/y", "pack1/trigger_mv/set")
        for topic in ("homeassistant/status", "evencell/other/pack1/set/x", *(BASE + other for other in others)):
            device.hear(b"10", topic=topic)
        device.hear(b"")
        device.hear(b"13")
        assert [result["active"] for result in await device.results(1)] == [13]
        assert device.written == [13]

    run(scenario)


def test_what_may_be_old_is_refused_with_a_result():
    async def scenario(device):
        device.let.set()
        device.clock.now_s = 1_800_000_000
        device.hear(b"11", b'{"value": 12, "expires": 2000000000}', age=RETAINED)
        device.hear(b"13", b'{"value": 14, "expires": 2000000000}', age=WAITED)
        results = await device.results(4)
        assert ["retain flag" in (result["error"] or "") for result in results] == [True, True, False, False]
        assert ["needs expires" in (result["error"] or "") for result in results] == [False, False, True, False]
        assert device.written == [14]

    run(scenario)


def test_command_that_comes_twice_is_carried_out_once():
    async def scenario(device):
        device.let.set()
        device.clock.now_s = 1_800_000_000
        first, second = (b'{"value": %d, "id": "%d", "expires": 2000000000}' % (value, value) for value in (10, 20))
        device.hear(first, second)
        device.hear(first, age=WAITED)
        assert [result["id"] for result in await device.results(3)] == ["10", "20", "10"]
        assert device.written == [10, 20]

    run(scenario)


def test_four_wait_and_eight_more_are_answered():
    """One of them is under way."""

    async def scenario(device):
        device.hear(b"0")
        await asyncio.sleep(0)
        device.hear(*(b"%d" % number for number in range(1, 40)))
        device.let.set()
        results = await device.results(13)
        assert [result["active"] for result in results[:5]] == [0, 1, 2, 3, 4]
        assert all("Too many commands" in result["error"] for result in results[5:])
        assert device.logged == ["mqtt: too many commands at once: 27 were dropped"]
        device.hear(b"50")
        assert (await device.results(1))[0]["active"] == 50

    run(scenario)


def test_too_long_payload_is_refused():
    async def scenario(device):
        device.hear(b"1" * 257)
        assert (await device.results(1))[0]["error"] == "A command has at most 256 bytes."

    run(scenario)


def test_result_waits_for_the_next_connection():
    async def scenario(device):
        device.let.set()
        device.hear(b"10", b"11")
        client = Client(publish_fails=OSError("gone"))
        await device.woken.wait()
        for _ in range(2):
            try:
                await device.commands.on_update(client)
            except OSError as error:
                assert str(error) == "gone"
        assert [result["active"] for result in await device.results(2)] == [10, 11]

    run(scenario)


def test_bug_discards_waiting_commands_alone():
    async def scenario(device):
        device.let.set()
        device.hear(b"10", b"20")
        while not device.logged:
            await asyncio.sleep(0)
        assert device.logged == ["a bug"]
        device.broken = None
        device.hear(b"30")
        assert [result["active"] for result in await device.results(1)] == [30]
        assert device.written == [30]

    run(scenario, broken=KeyError("x"))


def test_lack_of_memory_is_a_result():
    async def scenario(device):
        device.let.set()
        device.hear(b"10")
        result = (await device.results(1))[0]
        assert set(result) == {"id", "name", "requested", "active", "error"}
        assert "no memory" in result["error"]

    run(scenario, broken=MemoryError())
