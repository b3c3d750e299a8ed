"""When MQTT asks the broker whether the states arrived, and what it takes from the answer."""

import asyncio
import sys

from evencell.forward.journal import MQTT
from evencell.forward.journal_mqtt import Delivery
from host_tests.forward.test_journal import HELD, Context, sequences, taken
from host_tests.portable import without_modules

LAZY = [
    "evencell.forward." + name
    for name in ("backlog_mqtt", "journal_reading", "journal_dates", "journal_store", "journal_thin")
] + ["evencell.system.ring"]


class Broker:
    """A connection, or its publisher's own wake: counts questions, answers when the test says so, acknowledges all."""

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
    """The context, its journal's speaker, and a connection on which four states were published: it asks."""
    context, broker = Context(), Broker()
    delivery = Delivery(context, "evencell/id", broker)
    await delivery.listen(broker)
    publish(context, 4)
    await delivery.announce(broker)
    assert broker.pings == 1
    return context, delivery, broker


def publish(context, count: int = 1):
    """So many readings, each published at once."""
    journal = context.journal
    sent = journal.trackers[0]
    for _ in range(count):
        context.read()
        sent.is_pending = False
        journal.was_sent(sent, sent.pack.sequence)


def test_an_answer_says_nothing_of_what_was_published_behind_the_question():
    async def scenario():
        context, delivery, broker = await connected()
        publish(context)
        await delivery.announce(broker)  # the answer takes its time
        broker.pongs = 1
        await delivery.announce(broker)
        await delivery.listen(Broker())  # the connection is over, and perhaps the fifth is lost
        assert sequences(taken(context.journal, MQTT)) == [5]

    asyncio.run(scenario())


def test_a_backlog_waits_for_the_answer_to_an_open_question():
    async def scenario():
        context, delivery, broker = await connected()
        context.read(2)  # of which the first is never published
        await delivery.announce(broker)
        assert context.journal.is_late() and broker.messages == 0
        broker.pongs = 1
        await delivery.announce(broker)
        assert broker.messages == 1 and context.journal.count == 1

    asyncio.run(scenario())


def loaded():
    return [name for name in LAZY if name in sys.modules]


async def sent_after_an_outage(broker) -> list:
    """What of the lazy modules is loaded while a backlog waits on the flash, while it is sent, and at the end."""
    context = Context()
    context.read(3 * HELD)
    found = [loaded()]
    delivery = Delivery(context, "evencell/id", broker)
    await delivery.listen(broker)
    while context.journal.is_late():
        await delivery.announce(broker)
        found.append(loaded())
    return found


def test_nothing_of_a_backlog_stays_in_memory():
    def scenario():
        found = asyncio.run(sent_after_an_outage(Broker()))
        assert found[0] == ["evencell.forward.journal_store", "evencell.system.ring"]
        assert "evencell.forward.backlog_mqtt" in found[1] and "evencell.forward.journal_dates" in found[1]
        assert found[-1] == []

    without_modules(LAZY, scenario)


def test_a_connection_lost_in_a_backlog_leaves_the_modules_to_others():
    class Lost(Broker):
        async def publish(self, *_arguments, **_options):
            raise OSError("gone")

    async def scenario():
        context, broker = Context(), Lost()
        context.read(3)
        delivery = Delivery(context, "evencell/id", broker)
        await delivery.listen(broker)
        try:
            await delivery.announce(broker)
        except OSError as error:
            assert str(error) == "gone"
        assert loaded() == [] and context.lazy_lock.open()

    without_modules(LAZY, lambda: asyncio.run(scenario()))


def test_a_backlog_waits_while_others_use_lazy_modules():
    async def scenario():
        context, delivery, broker = await connected()
        broker.pongs = 1
        context.read(2)
        scope = context.lazy_lock.open()
        await delivery.announce(broker)
        assert broker.messages == 0
        context.lazy_lock.close(scope)
        await delivery.announce(broker)
        assert broker.messages == 1

    asyncio.run(scenario())
