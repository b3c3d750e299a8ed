"""When MQTT asks the broker whether the states arrived, and what it takes from the answer."""

import asyncio

from evencell.forward.journal import MQTT
from evencell.forward.journal_mqtt import Delivery
from host_tests.forward.test_journal import Context, sequences, taken


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
