"""When MQTT pings for its states, what the answer acknowledges, and the replay of a backlog."""

import asyncio
import sys

from evencell.forward.outbox.mqtt_sink import MqttSink
from evencell.forward.outbox.outbox import MQTT
from host_tests.forward.outbox.test_outbox import HELD, Context, delivered, held, publish_newest, sequences
from host_tests.portable import without_modules

LAZY = ["evencell.forward.outbox." + name for name in ("mqtt_replay", "reading", "dates", "store", "thinning")] + [
    "evencell.storage.record_ring"
]


class Broker:
    """A connection and its publisher: counts pings, answers when the test says so, acknowledges messages."""

    def __init__(self):
        self.pings = self.pongs = self.messages = 0

    async def ping(self):
        self.pings += 1

    async def publish(self, _topic, payload, qos, payload_bytes):
        assert qos == 1 and len(b"".join(payload)) == payload_bytes
        self.messages += 1

    def wake(self):
        pass


async def connected():
    """The context, the sink, and a connection on which four states were published: it pings."""
    context, broker = Context(), Broker()
    sink = MqttSink(context, "evencell/id", broker)
    await sink.on_connect(broker)
    publish(context, 4)
    await sink.on_update(broker)
    assert broker.pings == 1
    return context, sink, broker


def publish(context, count: int = 1):
    """So many readings, each published at once."""
    pack = context.hub.packs[0]
    for _ in range(count):
        context.read()
        publish_newest(context.outbox)
        context.outbox.mark_sent(pack, pack.sequence)


def test_ping_answer_acknowledges_nothing_published_after_the_ping():
    async def scenario():
        context, sink, broker = await connected()
        publish(context)
        await sink.on_update(broker)  # the answer takes its time
        broker.pongs = 1
        await sink.on_update(broker)
        await sink.on_connect(Broker())  # the connection is over, and perhaps the fifth is lost
        assert sequences(delivered(context.outbox, MQTT)) == [5]

    asyncio.run(scenario())


def test_backlog_waits_for_the_answer_to_a_ping():
    async def scenario():
        context, sink, broker = await connected()
        context.read(2)  # of which the first is never published
        await sink.on_update(broker)
        assert context.outbox.has_backlog() and broker.messages == 0
        broker.pongs = 1
        await sink.on_update(broker)
        assert broker.messages == 1 and held(context.outbox) == 1

    asyncio.run(scenario())


def loaded():
    return [name for name in LAZY if name in sys.modules]


async def sent_after_an_outage(broker) -> list:
    """What of the lazy modules is loaded while a backlog waits on the flash, while it is sent, and at the end."""
    context = Context()
    context.read(3 * HELD)
    found = [loaded()]
    sink = MqttSink(context, "evencell/id", broker)
    await sink.on_connect(broker)
    while context.outbox.has_backlog():
        await sink.on_update(broker)
        found.append(loaded())
    return found


def test_no_module_of_the_replay_stays_loaded():
    def scenario():
        found = asyncio.run(sent_after_an_outage(Broker()))
        assert found[0] == ["evencell.forward.outbox.store", "evencell.storage.record_ring"]
        assert "evencell.forward.outbox.mqtt_replay" in found[1] and "evencell.forward.outbox.reading" in found[1]
        assert found[-1] == []

    without_modules(LAZY, scenario)


def test_connection_lost_in_a_backlog_unloads_the_modules():
    class Lost(Broker):
        async def publish(self, *_arguments, **_options):
            raise OSError("gone")

    async def scenario():
        context, broker = Context(), Lost()
        context.read(3)
        sink = MqttSink(context, "evencell/id", broker)
        await sink.on_connect(broker)
        try:
            await sink.on_update(broker)
        except OSError as error:
            assert str(error) == "gone"
        assert loaded() == [] and context.lazy_lock.open()

    without_modules(LAZY, lambda: asyncio.run(scenario()))


def test_backlog_waits_while_another_lazy_scope_is_open():
    async def scenario():
        context, sink, broker = await connected()
        broker.pongs = 1
        context.read(2)
        scope = context.lazy_lock.open()
        await sink.on_update(broker)
        assert broker.messages == 0
        context.lazy_lock.close(scope)
        await sink.on_update(broker)
        assert broker.messages == 1

    asyncio.run(scenario())
