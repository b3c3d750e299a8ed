import asyncio

from evencell.hub import Hub
from host_tests.fakes import FakeClock


def events_of(consumer) -> list:
    events = []
    event = consumer.next_event()
    while event:
        events.append(event[4])
        event = consumer.next_event()
    return events


def test_a_consumer_sees_events_from_its_subscription_on():
    hub = Hub([], FakeClock())
    hub.post("link", "pack1", "link", "online")
    consumer = hub.subscribe()
    hub.post("link", "pack1", "link", "stale")
    hub.post("link", "pack1", "link", "offline")
    assert events_of(consumer) == ["stale", "offline"]
    assert events_of(consumer) == []


def test_an_event_carries_time_kind_pack_name_and_value():
    hub = Hub([], FakeClock())
    consumer = hub.subscribe()
    hub.clock.now_s = 1_790_000_000
    hub.post("alarm", "pack1", "overvoltage", True)
    assert consumer.next_event() == (1_790_000_000, "alarm", "pack1", "overvoltage", True)


def test_a_gap_is_reported_and_the_newest_16_remain():
    hub = Hub([], FakeClock())
    consumer = hub.subscribe()
    for number in range(40):
        hub.post("alarm", "pack1", "n", number + 1)
    assert events_of(consumer) == list(range(25, 41))
    assert consumer.missed == 24


def test_an_event_that_could_not_be_passed_on_is_read_again():
    hub = Hub([], FakeClock())
    consumer = hub.subscribe()
    hub.post("alarm", "pack1", "n", 1)
    consumer.next_event()
    consumer.step_back()
    assert events_of(consumer) == [1]


def test_consumers_do_not_disturb_each_other():
    hub = Hub([], FakeClock())
    first, second = hub.subscribe(), hub.subscribe()
    hub.post("alarm", "pack1", "n", 1)
    assert events_of(first) == [1]
    hub.post("alarm", "pack1", "n", 2)
    assert events_of(first) == [2]
    assert events_of(second) == [1, 2]


def test_waking_is_not_lost_between_two_waits():
    async def scenario():
        hub = Hub([], FakeClock())
        consumer = hub.subscribe()
        hub.wake()
        hub.wake()
        await consumer.changed()
        waiting = asyncio.create_task(consumer.changed())
        await asyncio.sleep(0)
        assert not waiting.done()
        hub.wake()
        await waiting

    asyncio.run(scenario())


def test_a_closed_consumer_is_woken_no_more():
    hub = Hub([], FakeClock())
    consumer = hub.subscribe()
    consumer.close()
    hub.post("alarm", "pack1", "n", 1)
    assert hub.event(0)[4] == 1


class ListedHeartbeat:
    """Lists what it is told."""

    def __init__(self):
        self.notes = []

    def suspend(self):
        self.notes.append("suspend")

    def set_deadline(self, _milliseconds):
        self.notes.append("set_deadline")

    def resume(self, _milliseconds):
        self.notes.append("resume")


def test_heartbeat_is_suspended_while_a_consumer_waits():
    async def scenario():
        heartbeat = ListedHeartbeat()
        hub = Hub([], FakeClock())
        consumer = hub.subscribe(heartbeat)
        waiting = asyncio.create_task(consumer.changed())
        await asyncio.sleep(0)
        assert heartbeat.notes == ["suspend"]
        hub.wake()
        assert heartbeat.notes == ["suspend", "resume"]
        await waiting
        assert heartbeat.notes == ["suspend", "resume", "set_deadline"]
        hub.wake()
        await consumer.changed()
        assert heartbeat.notes[3:] == ["resume", "set_deadline"]

    asyncio.run(scenario())


def test_an_event_before_the_first_time_of_day_is_dated_afterwards():
    hub = Hub([], FakeClock())
    consumer = hub.subscribe()
    hub.clock.now_ms = 10_000
    hub.post("alarm", "pack1", "overvoltage", True)
    assert hub.event(0)[0] is None
    hub.clock.now_ms = 60_000
    hub.clock.now_s = 1_790_000_000
    assert hub.event(0) == (1_789_999_950, "alarm", "pack1", "overvoltage", True)
    assert consumer.next_event()[0] == 1_789_999_950


def test_consumers_are_woken_where_nothing_happens_for_long():
    hub = Hub([], FakeClock())
    for hub.clock.now_ms in range(0, 14_001, 1000):
        hub.tick()
    assert hub.changes == 0
    hub.clock.now_ms = 15_000
    hub.tick()
    hub.tick()
    assert hub.changes == 1
