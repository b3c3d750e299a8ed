"""The outbox by itself: what is held, what a crash leaves, what goes to the flash, and what each sink gets."""

import json
import os

from evencell.forward.outbox.mqtt_replay import status_of as status_of_record
from evencell.forward.outbox.outbox import INFLUX, MQTT, Outbox
from evencell.forward.outbox.reading import Reader
from evencell.forward.status_json import status_of
from evencell.hub import Hub
from evencell.pack.pack import ONLINE, Pack
from evencell.pack.temperature import TemperatureScale
from evencell.protocol.jk_balancer import decode_status
from evencell.runtime.lazy_lock import LazyLock
from evencell.storage.faults import StorageFaults
from evencell.storage.paths import exists
from host_tests.fakes import FakeClock
from host_tests.portable import frames, scratch_path

NOON_S = 1_800_000_000
HELD = 28  # four cells
FRAME = []  # read once from the captures
LEVELS_MV = (3300, 3310, 3320)


class Rtc:
    """RTC memory that outlives what uses it."""

    def __init__(self):
        self.kept = bytes(1024)
        self.buffer = bytearray(1024)

    def save(self):
        self.kept = bytes(self.buffer)

    def after_a_crash(self) -> "Rtc":
        rtc = Rtc()
        rtc.kept = self.kept
        rtc.buffer[:] = self.kept
        return rtc


class Board:
    def __init__(self, storage: str, rtc):
        self.storage = storage
        self._rtc = rtc

    def rtc_memory(self):
        return self._rtc


class Log:
    def __init__(self):
        self.lines = []

    def warning(self, text: str):
        self.lines.append(text)

    info = warning


class Context:
    """What of the application the outbox needs; `start_again` is a crash."""

    def __init__(self, packs=("pack1",), sinks=(MQTT,), rtc="own", max_kib=64, storage=None, clock=None):
        self.rtc = Rtc() if rtc == "own" else rtc
        self.folder = storage or scratch_path("outbox")
        if storage is None:
            remove(self.folder)
            os.mkdir(self.folder)
        self.clock = clock or FakeClock()
        self.names, self.sinks, self.max_kib = packs, sinks, max_kib
        self.board = Board(self.folder, self.rtc)
        self.log = Log()
        self.storage_faults = StorageFaults(self.clock, self.log)
        self.lazy_lock = LazyLock()
        self.config = {
            "mqtt": {"enabled": MQTT in sinks, "publish_s": 10},
            "influx": {"url": "http://store" if INFLUX in sinks else None, "measurement": "evencell"},
            "journal": {"max_kib": max_kib},
            "packs": [{"name": name, "model": "jk_b2a4s"} for name in packs],
        }
        self.hub = Hub([Pack(name, "jk_b2a4s", TemperatureScale("1")) for name in packs], self.clock)
        self.outbox = Outbox(self, None)

    def start_again(self) -> "Context":
        rtc = self.rtc and self.rtc.after_a_crash()
        clock = FakeClock()
        clock.now_s = self.clock.now_s
        return Context(self.names, self.sinks, rtc, self.max_kib, self.folder, clock)

    def read(self, count: int = 1, of: int = 0, every_s: int = 10, cells: int = 4):
        """So many readings, each due."""
        for _ in range(count):
            self.clock.now_ms += 1000 * every_s
            if self.clock.now_s is not None:
                self.clock.now_s += every_s
            pack = self.hub.packs[of]
            decode_status(frame_of(LEVELS_MV[pack.sequence % 3], cells), 0, pack.candidate)
            pack.accept_unchecked(self.clock)
            pack.link = ONLINE
            self.outbox.update()


def remove(path: str):
    if not exists(path):
        return
    for name in os.listdir(path):
        try:
            os.remove(path + "/" + name)
        except OSError:
            remove(path + "/" + name)
    os.rmdir(path)


def frame_of(level_mv: int, cells: int) -> bytearray:
    if not FRAME:
        FRAME.append(frames()[0])
    frame = bytearray(FRAME[0])
    frame[8] = frame[22] = cells
    for cell in range(24):
        at = 23 + 2 * cell
        frame[at], frame[at + 1] = (level_mv >> 8, level_mv & 255) if cell < cells else (0, 0)
    return frame


def delivered(outbox: Outbox, sink: int, most: int = 40, batches: int = 10_000, keep=dict) -> list:
    """Every status that the sink gets, acknowledged batch by batch; of each what `keep` makes of it."""
    reader, statuses = Reader(outbox), []
    for _ in range(batches):
        records, position = outbox.batch(sink, most)
        if not records:
            break
        for record in records:
            assert reader.read(record)
            statuses.append(keep(status_of_record(reader)))
        outbox.acknowledge(sink, position)
    return statuses


def publish_newest(outbox: Outbox):
    """The newest reading of each pack leaves as a state: it is no matter of the backlog's."""
    for changes in outbox.filters:
        changes.set_pending(False)


def held(outbox: Outbox) -> int:
    """How many records are in memory."""
    return outbox.end - outbox.first


def in_flight(outbox: Outbox) -> int:
    """How many states MQTT was sent that the broker has not confirmed."""
    return outbox.sent[MQTT] - outbox.acknowledged[MQTT]


def sequences(statuses: list) -> list:
    return [status["sequence"] for status in statuses]


def test_reading_comes_back_as_the_status_that_it_was():
    context = Context()
    context.clock.now_s = NOON_S
    context.read()
    expected = status_of(context.hub.packs[0], context.clock)
    context.hub.packs[0].accepted.cells_mv[0] = 0
    publish_newest(context.outbox)
    (status,) = delivered(context.outbox, MQTT, keep=lambda status: status)
    assert json.dumps(status) == json.dumps(expected)
    assert delivered(context.outbox, MQTT) == []


def test_published_reading_is_held_until_the_broker_answers():
    context = Context()
    outbox, pack = context.outbox, context.hub.packs[0]
    for sequence in (1, 2, 3):
        context.read()
        outbox.mark_sent(pack, sequence)
    assert in_flight(outbox) == 3
    position = outbox.sent[MQTT]
    context.read()
    outbox.acknowledge(MQTT, position)
    assert held(outbox) == 1 and in_flight(outbox) == 0
    publish_newest(outbox)
    assert sequences(delivered(outbox, MQTT)) == [4]
    assert outbox.counts() == {"waiting": 0, "bytes": 0, "thinned": 0, "dropped": 0}


def test_answer_to_an_older_ping_acknowledges_nothing_that_was_published_later():
    """A batch went to the flash meanwhile: numbers of records must not begin anew."""
    context = Context()
    outbox, pack = context.outbox, context.hub.packs[0]
    context.read()
    outbox.mark_sent(pack, 1)
    position = outbox.sent[MQTT]
    context.read(HELD)
    outbox.mark_sent(pack, HELD + 1)
    outbox.acknowledge(MQTT, position)
    assert held(outbox) == 1 and in_flight(outbox) == 1


def test_rewind_delivers_what_the_last_connection_was_only_sent():
    context = Context()
    outbox = context.outbox
    for sequence in (1, 2):
        context.read()
        outbox.mark_sent(context.hub.packs[0], sequence)
    publish_newest(outbox)
    assert not outbox.has_backlog()
    outbox.rewind(MQTT)
    assert outbox.has_backlog()
    assert sequences(delivered(outbox, MQTT)) == [1, 2]


def test_newest_reading_is_published_and_no_backlog():
    context = Context()
    context.read()
    assert not context.outbox.has_backlog()
    context.read()  # the one before was not published
    assert context.outbox.has_backlog()
    assert sequences(delivered(context.outbox, MQTT)) == [1]


def test_crash_loses_nothing():
    for count in (1, HELD, HELD + 1, 5 * HELD + 7):
        context = Context()
        context.clock.now_s = NOON_S
        context.read(count)
        after = context.start_again()
        after.read(3)
        publish_newest(after.outbox)
        found = delivered(after.outbox, MQTT)
        assert sequences(found[:-3]) == list(range(1, count + 1)) and sequences(found[-3:]) == [1, 2, 3]
        assert found[0]["time"] == NOON_S + 10 and found[count - 1]["time"] == NOON_S + 10 * count
        assert delivered(after.start_again().outbox, MQTT) == []


def test_power_cut_loses_no_more_than_what_was_held():
    context = Context()
    context.read(5 * HELD + 7)
    context.rtc.kept = os.urandom(1024) if hasattr(os, "urandom") else b"\x5a" * 1024
    assert sequences(delivered(context.start_again().outbox, MQTT)) == list(range(1, 5 * HELD + 1))


def test_more_cells_than_the_model_has_are_kept():
    for count in (2, 20):  # held, and on the flash
        context = Context()
        context.read(count, cells=8)
        context = context.start_again()
        context.read(cells=8)
        found = delivered(context.outbox, MQTT)
        assert sequences(found) == list(range(1, count + 1))  # the newest is published
        assert all(len(status["cells_mv"]) == 8 and None not in status["cells_mv"] for status in found)


def test_records_of_more_cells_are_found_before_the_first_reading():
    context = Context()
    context.read(20, cells=8)
    again = context.start_again()
    assert len(delivered(again.outbox, MQTT)) == 20


def test_records_of_fewer_cells_are_delivered_first():
    for count in (3, 2 * HELD + 3):  # held, and on the flash too
        context = Context()
        context.read(count)
        context.read(15, cells=8)
        assert context.outbox.counts()["waiting"] == count + 15
        context = context.start_again()
        context.read(cells=8)
        found = delivered(context.outbox, MQTT, most=5)
        assert sequences(found) == list(range(1, count + 16))
        assert [len(status["cells_mv"]) for status in found] == [4] * count + [8] * 15
        assert context.outbox.dropped == 0 and context.outbox.counts()["bytes"] == 0
        assert sequences(delivered(context.start_again().outbox, MQTT)) == [1]  # the newest


def test_records_are_delivered_after_the_model_was_changed():
    for count in (3, HELD + 3):  # held, and on the flash too
        context = Context()
        context.read(count)
        context.config["packs"][0]["model"] = "jk_b2a24s"
        outbox = Outbox(context, None)
        assert (outbox.counts()["waiting"], outbox.counts()["bytes"]) == (count, count * 40)
        assert sequences(delivered(outbox, MQTT)) == list(range(1, count + 1))


def test_each_sink_has_its_own_cursor_in_records_of_fewer_cells():
    context = Context(sinks=(MQTT, INFLUX))
    context.read(2 * HELD)
    assert len(delivered(context.outbox, MQTT, most=5, batches=3)) == 15
    context.read(cells=8)
    assert sequences(delivered(context.outbox, MQTT))[0] == 16
    assert sequences(delivered(context.outbox, INFLUX)) == list(range(1, 2 * HELD + 2))


def test_run_that_showed_fewer_cells_is_dated():
    context = Context()
    context.read(HELD + 2)
    context.clock.now_s = NOON_S
    began_s = NOON_S - context.clock.now_ms // 1000
    context.read()
    after = context.start_again()
    after.read(cells=8)
    times = [status["time"] for status in delivered(after.outbox, MQTT)]
    assert times == [began_s + 10 * (i + 1) for i in range(HELD + 3)], times


def test_damaged_rtc_memory_is_not_used():
    context = Context()
    context.read(3)
    whole = context.rtc.kept
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8
        context.rtc.kept = bytes(damaged)
        after = context.start_again()
        assert held(after.outbox) == (3 if at >= 8 + 3 * 36 else 0), at
        text = "journal: RTC memory is damaged: the newest readings before this start are lost"
        assert after.log.lines == ([] if held(after.outbox) else [text]), at


def test_empty_rtc_memory_is_not_called_damaged():
    for kept in (bytes(1024), Context().rtc.kept):
        context = Context()
        context.rtc.kept = kept
        assert context.start_again().log.lines == []


def test_without_rtc_memory_each_reading_is_written_at_once():
    context = Context(rtc=None)
    context.read(3)
    assert held(context.outbox) == 0
    assert sequences(delivered(context.start_again().outbox, MQTT)) == [1, 2, 3]


def test_failing_flash_keeps_the_newest_in_memory_and_counts_the_dropped():
    context = Context()
    context.read(HELD)
    os.rmdir(context.folder)
    context.read()
    assert context.outbox.dropped == HELD // 2 and held(context.outbox) == HELD // 2 + 1
    assert "journal can't be written" in context.log.lines[0] and "readings are lost" in context.log.lines[1]
    os.mkdir(context.folder)
    context.read(HELD)
    assert context.outbox.dropped == HELD // 2 and not context.storage_faults.status()["problem"]
    publish_newest(context.outbox)
    assert sequences(delivered(context.outbox, MQTT)) == list(range(HELD // 2 + 1, 2 * HELD + 2))


def test_each_sink_gets_all_across_restarts():
    context = Context(sinks=(MQTT, INFLUX))
    context.read(3 * HELD)
    outbox = context.outbox
    assert sequences(delivered(outbox, MQTT, most=5, batches=8)) == list(range(1, 41))
    after = context.start_again()
    publish_newest(after.outbox)
    assert sequences(delivered(after.outbox, MQTT)) == list(range(41, 3 * HELD + 1))
    assert after.outbox.counts()["waiting"] == 3 * HELD
    again = after.start_again()
    assert sequences(delivered(again.outbox, INFLUX)) == list(range(1, 3 * HELD + 1))
    again.outbox.release_store()
    assert again.outbox.store is None


def test_batch_without_acknowledgement_comes_again():
    for count in (5, HELD + 5):
        context = Context(sinks=(INFLUX,))
        context.read(count)
        first, _ = context.outbox.batch(INFLUX, 3)
        context.outbox.rewind(INFLUX)
        again, _ = context.outbox.batch(INFLUX, 3)
        context.outbox.rewind(INFLUX)
        assert len(first) == 3 and first == again
        assert sequences(delivered(context.outbox, INFLUX)) == list(range(1, count + 1))


def test_sink_that_is_away_does_not_hold_up_the_other():
    context = Context(sinks=(MQTT, INFLUX))
    heard = []
    for _ in range(40):
        context.read(HELD)
        publish_newest(context.outbox)
        heard += sequences(delivered(context.outbox, MQTT))
    assert sorted(set(heard)) == list(range(1, 40 * HELD + 1))
    assert context.outbox.thinned > 0


def test_acknowledgement_of_thinned_records_discards_no_other():
    context = Context()
    context.read(8 * 104)
    _, position = context.outbox.batch(MQTT, 5)
    context.read(2 * 104)  # pushes these out
    context.outbox.acknowledge(MQTT, position)
    assert context.outbox.thinned > 0
    assert context.outbox.store.waiting(MQTT) > 0
    assert delivered(context.outbox, MQTT)[0]["time"] is None


def test_records_of_before_the_clock_was_set_are_dated():
    context = Context()
    context.read(HELD + 2)
    context.clock.now_s = NOON_S
    began_s = NOON_S - context.clock.now_ms // 1000
    context.read()
    after = context.start_again()
    times = [status["time"] for status in delivered(after.outbox, MQTT)]
    assert times == [began_s + 10 * (i + 1) for i in range(HELD + 3)], times


def test_run_that_never_had_the_time_is_delivered_without():
    context = Context()
    context.read(HELD + 2)
    after = context.start_again()
    after.clock.now_s = NOON_S
    after.read()
    publish_newest(after.outbox)
    found = delivered(after.outbox, MQTT)
    assert [status["time"] for status in found] == [None] * (HELD + 2) + [NOON_S + 10]


def read_unchanged(context: Context, count: int):
    """So many readings with the values of the one before, a second apart: not due."""
    pack = context.hub.packs[0]
    for _ in range(count):
        context.clock.now_ms += 1000
        context.clock.now_s += 1
        decode_status(frame_of(pack.accepted.cells_mv[0], 4), 0, pack.candidate)
        pack.accept_unchecked(context.clock)
        context.outbox.update()


def test_readings_that_are_not_due_are_for_the_database_alone():
    context = Context(sinks=(MQTT, INFLUX))
    context.clock.now_s = NOON_S
    outbox = context.outbox
    context.read()
    read_unchanged(context, 5)
    publish_newest(outbox)
    assert sequences(delivered(outbox, MQTT)) == [1]
    read_unchanged(context, 5)
    assert not outbox.has_backlog() and outbox.waiting(MQTT) == 0
    assert sequences(delivered(outbox, INFLUX)) == list(range(1, 12))
    context.read()
    outbox.mark_sent(context.hub.packs[0], 12)
    outbox.acknowledge(MQTT, outbox.sent[MQTT])
    assert held(outbox) == 1 and in_flight(outbox) == 0  # the database lacks it


def test_readings_that_are_not_due_make_room_and_never_reach_the_flash():
    context = Context(sinks=(MQTT, INFLUX))
    context.clock.now_s = NOON_S
    for _ in range(HELD):
        context.read()
        read_unchanged(context, 3)
    assert exists(context.folder + "/journal4/all")
    found = sequences(delivered(context.outbox, INFLUX))
    due = sequences(delivered(context.outbox, MQTT))
    assert due == list(range(1, 4 * HELD, 4))
    assert set(due) < set(found) and found == sorted(found)
    assert context.outbox.not_due.skipped == 4 * HELD - len(found) > HELD
    assert context.outbox.dropped == 0


def test_unconfirmed_states_come_again_after_readings_that_are_not_due_made_room():
    context = Context(sinks=(MQTT, INFLUX))
    context.clock.now_s = NOON_S
    outbox = context.outbox
    context.read()
    outbox.mark_sent(context.hub.packs[0], 1)
    publish_newest(outbox)
    position = outbox.sent[MQTT]
    read_unchanged(context, HELD)
    assert held(outbox) < HELD
    outbox.acknowledge(MQTT, position)
    outbox.rewind(MQTT)
    assert sequences(delivered(outbox, MQTT)) in ([], [1])  # an older answer may confirm less, never more
    assert outbox.waiting(MQTT) == 0


def test_reading_is_dated_when_it_is_delivered_in_the_same_run():
    context = Context()
    context.read(HELD + 2)
    assert delivered(context.outbox, MQTT, most=1, batches=1)[0]["time"] is None
    context.clock.now_s = NOON_S
    began_s = NOON_S - context.clock.now_ms // 1000
    assert delivered(context.outbox, MQTT, most=1, batches=1)[0]["time"] == began_s + 20


def test_pack_that_is_not_configured_is_left_out():
    context = Context(("front", "rear"))
    context.read(HELD, of=0)
    context.read(HELD, of=1)
    publish_newest(context.outbox)
    other = Context(("rear",), storage=context.folder, rtc=context.rtc.after_a_crash())
    reader, names = Reader(other.outbox), []
    while True:
        records, position = other.outbox.batch(MQTT, 7)
        if not records:
            break
        names += [reader.name for record in records if reader.read(record)]
        other.outbox.acknowledge(MQTT, position)
    assert names == ["rear"] * HELD
