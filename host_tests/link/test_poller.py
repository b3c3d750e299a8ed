import asyncio

from evencell.compat import ticks_add, ticks_ms
from evencell.hub import Hub
from evencell.link.bus import Rs485Bus
from evencell.link.poller import Poll, Poller, make_poll
from evencell.pack.pack import ASLEEP
from evencell.pack.temperature import TemperatureScale
from host_tests.fakes import FakeClock, FakeLog
from host_tests.link.ports import ScriptedPort
from host_tests.portable import frame_of

IDLE = [(0, frame_of("4s-idle"))]
COLD = [(0, frame_of("4s-cold"))]
WIRE_OFF = [(0, frame_of("4s-one-wire-off"))]
SILENCE = []


def poll_of(bus=None, address: int = 1, interval_ms: int = 0) -> Poll:
    settings = {
        "name": "pack%d" % address,
        "model": "jk_b2a4s",
        "address": address,
        "interval_ms": interval_ms,
        "timeout_ms": 100,
    }
    return make_poll(settings, TemperatureScale("0.1"), bus)


def run_through(script, addresses=(1,)):
    """Poll to the end of the script; returns the hub's events as `(pack, name, value)`, the packs and the port."""
    port = ScriptedPort(*script)
    bus = Rs485Bus(port)
    polls = [poll_of(bus, address) for address in addresses]
    packs = [poll.pack for poll in polls]
    hub = Hub(packs, FakeClock())
    consumer = hub.subscribe()
    poller = Poller(bus, polls, hub, FakeLog())

    async def scenario():
        task = asyncio.create_task(poller.run())
        await port.exhausted.wait()
        task.cancel()

    asyncio.run(scenario())
    events = []
    event = consumer.next_event()
    while event:
        events.append(event[2:])
        event = consumer.next_event()
    return events, packs, port


def test_each_plausible_answer_is_published():
    events, packs, _ = run_through([IDLE, IDLE, IDLE])
    assert packs[0].sequence == 2
    assert packs[0].accepted.temperature_dc == 235
    assert events == [("pack1", "link", "online")]


def test_first_reading_and_a_jump_need_two_answers_that_agree():
    _, packs, _ = run_through([IDLE, IDLE, COLD, COLD, COLD])
    assert packs[0].sequence == 3
    assert packs[0].accepted.temperature_dc == -53


def test_answers_that_contradict_each_other_are_not_published():
    """They have flaws of their own too: the made-up example of the document contradicts itself."""
    events, packs, _ = run_through([IDLE, [(0, frame_of("maker-example-20s"))]] * 8)
    assert packs[0].sequence == 0
    assert [event[1:] for event in events] == [("verdict", "noise"), ("link", "offline")]


def test_damaged_answer_is_requested_again_at_once():
    damaged = bytearray(frame_of("4s-idle"))
    damaged[30] ^= 4
    events, packs, _ = run_through([IDLE, IDLE, [(0, bytes(damaged))], [(0, bytes(damaged))], IDLE])
    assert packs[0].sequence == 2
    assert events[0] == ("pack1", "link", "online")


def test_one_lost_answer_is_requested_again_without_events():
    events, packs, _ = run_through([IDLE, IDLE, SILENCE, IDLE])
    assert packs[0].sequence == 2
    assert events == [("pack1", "link", "online")]


def test_online_stale_offline_and_back_each_once():
    """A poll sends two requests; the third without an answer means offline, and from then on one request is sent."""
    events, packs, _ = run_through([IDLE, IDLE] + 8 * [SILENCE] + [IDLE])
    links = [value for _, name, value in events if name == "link"]
    assert links == ["online", "stale", "offline", "online"]
    assert packs[0].sequence == 2


def test_pack_without_any_reading_is_offline_and_never_stale():
    events, packs, _ = run_through(8 * [SILENCE])
    assert events == [("pack1", "verdict", "silent"), ("pack1", "link", "offline")]
    assert packs[0].sequence == 0
    assert packs[0].accepted.pack_mv is None


def test_last_values_stay_while_the_link_is_down():
    _, packs, _ = run_through([IDLE, IDLE] + 8 * [SILENCE])
    assert packs[0].accepted.pack_mv == 13250


def test_alarm_is_posted_on_and_off_with_its_cell():
    events, _, _ = run_through([IDLE, IDLE, WIRE_OFF, WIRE_OFF, IDLE, IDLE])
    assert events[1:] == [("pack1", "cell_count", True, [4]), ("pack1", "cell_count", False, [])]


def test_packs_on_one_bus_take_turns():
    second = bytearray(frame_of("4s-cold"))
    second[2], second[73] = 2, (second[73] + 1) & 0xFF
    answer = [(0, bytes(second))]
    script = [IDLE, IDLE, answer, answer, IDLE, answer]
    _, packs, port = run_through(script, (1, 2))
    assert [data[2] for data in port.written[:6]] == [1, 1, 2, 2, 1, 2]
    assert packs[0].accepted.temperature_dc == 235
    assert packs[1].accepted.temperature_dc == -53


def answer_of(address: int) -> list:
    """The answer of the balancer at this address."""
    frame = bytearray(frame_of("4s-idle"))
    frame[73] = (frame[73] + address - frame[2]) & 0xFF
    frame[2] = address
    return [(0, bytes(frame))]


def asked(script_of, addresses, asks: int) -> list:
    """Which address each of the first `asks` requests went to; `script_of(address)` is what comes back."""

    class Port(ScriptedPort):
        def write(self, data):
            self._script = [script_of(data[2])] if len(self.written) < asks else []
            super().write(data)

    port = Port()
    bus = Rs485Bus(port)
    polls = [poll_of(bus, address) for address in addresses]
    poller = Poller(bus, polls, Hub([poll.pack for poll in polls], FakeClock()), FakeLog())

    async def scenario():
        task = asyncio.create_task(poller.run())
        await port.exhausted.wait()
        task.cancel()

    asyncio.run(scenario())
    return [data[2] for data in port.written[:asks]]


def test_packs_that_are_always_due_share_the_bus_equally():
    """The first reading of each takes two requests."""
    assert asked(answer_of, (1, 2, 3), 12) == [1, 1, 2, 2, 3, 3, 1, 2, 3, 1, 2, 3]


def test_answering_pack_has_a_turn_between_two_silent_ones():
    """Silence costs a whole timeout: several of them in a row would make the others' values old."""
    order = asked(lambda address: answer_of(1) if address == 1 else SILENCE, (1, 2, 3), 13)
    assert order == [1, 1, 2, 2, 3, 3, 1, 2, 2, 1, 3, 3, 1]


def test_rhythm_is_kept_and_missed_polls_are_skipped():
    poll = poll_of(interval_ms=1000)
    poll.due = ticks_add(ticks_ms(), -2300)
    poll.schedule_next()
    assert -700 <= poll.overdue_ms() <= -600


def test_a_pack_that_is_off_on_purpose_is_not_polled_and_stays_asleep():
    port = ScriptedPort(IDLE, IDLE)
    bus = Rs485Bus(port)
    asleep, under_way = poll_of(bus), poll_of(bus)
    asleep.pack.link = ASLEEP
    poller = Poller(bus, [asleep], Hub([asleep.pack], FakeClock()), FakeLog())

    async def sleeping_while_polled():
        task = asyncio.create_task(poller.poll(under_way))
        while not port.written:
            await asyncio.sleep(0)
        under_way.pack.link = ASLEEP
        await task

    asyncio.run(poller.poll(asleep))
    assert port.written == []
    asyncio.run(sleeping_while_polled())
    assert under_way.pack.link == ASLEEP and under_way.pack.sequence == 1
