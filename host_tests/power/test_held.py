"""What a wake appends to the outbox in RTC memory is what the outbox itself finds there."""

from evencell.forward.outbox.outbox import MQTT
from evencell.forward.outbox.reading import Reader
from evencell.forward.outbox.record import AREA_BYTES, tag_of
from evencell.power.held import append, has_room
from evencell.power.state import RTC_BYTES
from host_tests.fakes import FakeClock
from host_tests.forward.outbox.test_outbox import NOON_S, Context
from host_tests.power.packs import ReadPack, state_of

CELLS_MV = ((3301, 3302, 3299, 3300), (3311, 3312, 3309, 3310))


class Rtc:
    def __init__(self):
        self.buffer = bytearray(RTC_BYTES)

    def save(self):
        pass


def filled(rtc, readings, clock, cells: int = 4):
    """The state after these readings were appended, each by a wake of its own."""
    pack = ReadPack()
    state = state_of(pack)
    state.cells, state.run_id = cells, 77
    pack.state.tag = tag_of("pack1")
    for cells_mv in readings:
        pack.read(cells_mv)
        pack.pack.sequence = pack.state.sequence = pack.state.sequence + 1
        assert append(rtc.buffer, state, pack.state, pack.pack, clock)
    return state, pack


def records_of(context) -> list:
    """Cells, time and sequence of each record that waits."""
    reader, found = Reader(context.outbox), []
    records, _ = context.outbox.batch(MQTT, 100)
    for record in records:
        assert reader.read(record)
        found.append((tuple(reader.accepted.cells_mv[:4]), reader.time_s, reader.sequence))
    return found


def test_outbox_recovers_what_wakes_have_appended():
    rtc = Rtc()
    filled(rtc, CELLS_MV, FakeClock(NOON_S))
    assert records_of(Context(rtc=rtc)) == [(CELLS_MV[0], NOON_S, 1), (CELLS_MV[1], NOON_S, 2)]


def test_readings_before_the_clock_is_set_are_dated_later():
    """By another wake: the uptime goes on, and the run has the same number."""
    rtc, clock = Rtc(), FakeClock()
    clock.now_ms = 5_000
    state, _ = filled(rtc, CELLS_MV[:1], clock)
    assert state.has_undated
    later = FakeClock(NOON_S)
    later.now_ms = 905_000
    context = Context(rtc=rtc, clock=later)
    context.outbox.run_id, context.outbox.has_undated = state.run_id, True
    context.outbox.date()
    assert records_of(context) == [(CELLS_MV[0], NOON_S - 905, 1)]  # the pack was read at uptime 0


def test_28_readings_of_four_cells_find_room_and_13_of_24():
    for cells, most in ((4, 28), (24, 13)):
        rtc = Rtc()
        state, pack = filled(rtc, [CELLS_MV[0]] * (most - 1), FakeClock(NOON_S), cells)
        assert has_room(rtc.buffer, state)
        assert append(rtc.buffer, state, pack.state, pack.pack, FakeClock(NOON_S))
        assert not has_room(rtc.buffer, state)
        assert not append(rtc.buffer, state, pack.state, pack.pack, FakeClock(NOON_S))
        assert not any(rtc.buffer[AREA_BYTES:])


def test_a_pack_with_more_cells_than_a_record_has_is_left_to_the_outbox():
    rtc = Rtc()
    state, pack = filled(rtc, [], FakeClock(NOON_S))
    pack.read((3300,) * 5)
    assert not append(rtc.buffer, state, pack.state, pack.pack, FakeClock(NOON_S))
