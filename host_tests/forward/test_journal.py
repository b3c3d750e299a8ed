"""The journal by itself: what is held, what a crash leaves, what goes to the flash, who gets it, and when."""

import json
import os

from evencell.forward.journal import INFLUX, MQTT, Journal
from evencell.forward.journal_reading import Reader, batch, took
from evencell.forward.status_json import status_of
from evencell.hub import Hub
from evencell.pack.pack import ONLINE, Pack
from evencell.pack.temperature import TemperatureScale
from evencell.protocol.jk_balancer import decode_status
from evencell.runtime.lazy import LazyLock
from evencell.system.files import exists
from host_tests.portable import FakeClock, frames, scratch_path

NOON_S = 1_800_000_000
HELD = 28  # four cells
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


class Context:
    """What of the application the journal needs; `start_again` is a crash."""

    def __init__(self, packs=("pack1",), takers=(True, False), rtc="own", max_kib=64, storage=None, clock=None):
        self.rtc = Rtc() if rtc == "own" else rtc
        self.folder = storage or scratch_path("journal")
        if storage is None:
            remove(self.folder)
            os.mkdir(self.folder)
        self.clock = clock or FakeClock()
        self.names, self.takers, self.max_kib = packs, takers, max_kib
        self.board = Board(self.folder, self.rtc)
        self.log = Log()
        self.lazy_lock = LazyLock()
        self.config = {
            "mqtt": {"enabled": takers[MQTT], "publish_s": 10},
            "influx": {"url": "http://store" if takers[INFLUX] else None, "measurement": "evencell"},
            "journal": {"max_kib": max_kib},
            "packs": [{"name": name, "model": "jk_b2a4s"} for name in packs],
        }
        self.hub = Hub([Pack(name, "jk_b2a4s", TemperatureScale("1")) for name in packs], self.clock)
        self.journal = Journal(self, None)

    def start_again(self) -> "Context":
        rtc = self.rtc and self.rtc.after_a_crash()
        clock = FakeClock()
        clock.now_s = self.clock.now_s
        return Context(self.names, self.takers, rtc, self.max_kib, self.folder, clock)

    def read(self, count: int = 1, of: int = 0, every_s: int = 10, cells: int = 4):
        """So many readings, each due."""
        for _ in range(count):
            self.clock.now_ms += 1000 * every_s
            if self.clock.now_s is not None:
                self.clock.now_s += every_s
            pack = self.hub.packs[of]
            decode_status(frame_of(LEVELS_MV[pack.sequence % 3], cells), 0, pack.candidate)
            pack.believe(self.clock)
            pack.link = ONLINE
            self.journal.look()


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
    frame = bytearray(frames()[0])
    frame[8] = frame[22] = cells
    for cell in range(24):
        at = 23 + 2 * cell
        frame[at], frame[at + 1] = (level_mv >> 8, level_mv & 255) if cell < cells else (0, 0)
    return frame


def taken(journal: Journal, taker: int, most: int = 40, batches: int = 10_000, keep=dict) -> list:
    """Every status that the taker gets, acknowledged batch by batch; of each what `keep` makes of it."""
    reader, statuses = Reader(journal), []
    for _ in range(batches):
        records, place = batch(journal, taker, most)
        if not records:
            break
        for record in records:
            assert reader.read(record)
            statuses.append(keep(reader.status()))
        took(journal, taker, place, len(records))
    return statuses


def sequences(statuses: list) -> list:
    return [status["sequence"] for status in statuses]


def test_a_reading_comes_back_as_the_status_that_it_was():
    context = Context()
    context.clock.now_s = NOON_S
    context.read()
    expected = status_of(context.hub.packs[0], context.clock)
    context.hub.packs[0].accepted.cells_mv[0] = 0
    context.journal.trackers[0].is_pending = False
    (status,) = taken(context.journal, MQTT, keep=lambda status: status)
    assert json.dumps(status) == json.dumps(expected)
    assert taken(context.journal, MQTT) == []


def test_what_is_published_stays_until_the_broker_answers():
    context = Context()
    journal, sent = context.journal, context.journal.trackers[0]
    context.read(3)
    for sequence in (1, 2, 3):
        journal.was_sent(sent, sequence)
    assert journal.mark_sent() == 3
    context.read()
    journal.took(MQTT)
    assert journal.count == 1 and journal.mark_sent() == 0
    sent.is_pending = False
    assert sequences(taken(journal, MQTT)) == [4]
    assert journal.counts() == {"waiting": 0, "bytes": 0, "thinned": 0, "dropped": 0}


def test_a_new_connection_gets_what_the_last_one_was_only_sent():
    context = Context()
    journal, sent = context.journal, context.journal.trackers[0]
    context.read(2)
    journal.was_sent(sent, 1)
    journal.was_sent(sent, 2)
    sent.is_pending = False
    assert not journal.is_late()
    journal.unsent()
    assert journal.is_late()
    assert sequences(taken(journal, MQTT)) == [1, 2]


def test_the_newest_reading_is_published_and_no_backlog():
    context = Context()
    context.read()
    assert not context.journal.is_late()
    context.read()  # nobody published the one before
    assert context.journal.is_late()
    assert sequences(taken(context.journal, MQTT)) == [1]


def test_a_crash_loses_nothing():
    for count in (1, HELD, HELD + 1, 5 * HELD + 7):
        context = Context()
        context.clock.now_s = NOON_S
        context.read(count)
        after = context.start_again()
        after.read(3)
        for sent in after.journal.trackers:
            sent.is_pending = False
        found = taken(after.journal, MQTT)
        assert sequences(found[:-3]) == list(range(1, count + 1)) and sequences(found[-3:]) == [1, 2, 3]
        assert found[0]["time"] == NOON_S + 10 and found[count - 1]["time"] == NOON_S + 10 * count
        assert taken(after.start_again().journal, MQTT) == []


def test_a_power_cut_loses_no_more_than_what_was_held():
    context = Context()
    context.read(5 * HELD + 7)
    context.rtc.kept = os.urandom(1024) if hasattr(os, "urandom") else b"\x5a" * 1024
    assert sequences(taken(context.start_again().journal, MQTT)) == list(range(1, 5 * HELD + 1))


def test_more_cells_than_the_model_has_are_kept_too():
    for count in (2, 20):  # held, and on the flash
        context = Context()
        context.read(count, cells=8)
        context = context.start_again()
        context.read(cells=8)
        found = taken(context.journal, MQTT)
        assert sequences(found) == list(range(1, count + 1))  # the newest is published
        assert all(len(status["cells_mv"]) == 8 and None not in status["cells_mv"] for status in found)


def test_what_waits_for_more_cells_is_there_before_the_first_reading():
    context = Context()
    context.read(20, cells=8)
    again = context.start_again()
    assert len(taken(again.journal, MQTT)) == 20


def test_what_waits_for_fewer_cells_comes_before_what_has_more():
    for count in (3, 2 * HELD + 3):  # held, and on the flash too
        context = Context()
        context.read(count)
        context.read(15, cells=8)
        assert context.journal.counts()["waiting"] == count + 15
        context = context.start_again()
        context.read(cells=8)
        found = taken(context.journal, MQTT, most=5)
        assert sequences(found) == list(range(1, count + 16))
        assert [len(status["cells_mv"]) for status in found] == [4] * count + [8] * 15
        assert context.journal.dropped == 0 and context.journal.counts()["bytes"] == 0
        assert sequences(taken(context.start_again().journal, MQTT)) == [1]  # the newest, which was published at best


def test_another_model_does_not_bury_what_waits():
    for count in (3, HELD + 3):  # held, and on the flash too
        context = Context()
        context.read(count)
        context.config["packs"][0]["model"] = "jk_b2a24s"
        journal = Journal(context, None)
        assert (journal.counts()["waiting"], journal.counts()["bytes"]) == (count, count * 40)
        assert sequences(taken(journal, MQTT)) == list(range(1, count + 1))


def test_each_taker_has_its_own_place_in_what_has_fewer_cells():
    context = Context(takers=(True, True))
    context.read(2 * HELD)
    assert len(taken(context.journal, MQTT, most=5, batches=3)) == 15
    context.read(cells=8)
    assert sequences(taken(context.journal, MQTT))[0] == 16
    assert sequences(taken(context.journal, INFLUX)) == list(range(1, 2 * HELD + 2))


def test_a_run_that_showed_fewer_cells_is_dated_too():
    context = Context()
    context.read(HELD + 2)
    context.clock.now_s = NOON_S
    began_s = NOON_S - context.clock.now_ms // 1000
    context.read()
    after = context.start_again()
    after.read(cells=8)
    times = [status["time"] for status in taken(after.journal, MQTT)]
    assert times == [began_s + 10 * (i + 1) for i in range(HELD + 3)]


def test_damaged_memory_is_not_believed():
    context = Context()
    context.read(3)
    whole = context.rtc.kept
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8
        context.rtc.kept = bytes(damaged)
        journal = context.start_again().journal
        assert journal.count == (3 if at >= 8 + 3 * 36 else 0), at


def test_without_rtc_memory_each_reading_is_written_at_once():
    context = Context(rtc=None)
    context.read(3)
    assert context.journal.count == 0
    assert sequences(taken(context.start_again().journal, MQTT)) == [1, 2, 3]


def test_what_the_flash_does_not_take_is_counted():
    context = Context()
    context.read(HELD)
    os.rmdir(context.folder)
    context.read()
    assert context.journal.dropped == HELD and "28 readings are lost" in context.log.lines[0]
    assert context.journal.count == 1


def test_each_taker_gets_all_and_forgets_nothing_of_it():
    context = Context(takers=(True, True))
    context.read(3 * HELD)
    journal = context.journal
    assert sequences(taken(journal, MQTT, most=5, batches=8)) == list(range(1, 41))
    after = context.start_again()
    after.journal.trackers[0].is_pending = False
    assert sequences(taken(after.journal, MQTT)) == list(range(41, 3 * HELD + 1))
    assert after.journal.counts()["waiting"] == 3 * HELD
    again = after.start_again()
    assert sequences(taken(again.journal, INFLUX)) == list(range(1, 3 * HELD + 1))
    again.journal.let_go()
    assert again.journal.store is None


def test_a_batch_that_was_not_stored_comes_again():
    for count in (5, HELD + 5):
        context = Context(takers=(False, True))
        context.read(count)
        first, _ = batch(context.journal, INFLUX, 3)
        again, _ = batch(context.journal, INFLUX, 3)
        assert len(first) == 3 and first == again
        assert sequences(taken(context.journal, INFLUX)) == list(range(1, count + 1))


def test_a_taker_that_never_comes_does_not_hold_up_the_other():
    context = Context(takers=(True, True))
    heard = []
    for _ in range(40):
        context.read(HELD)
        context.journal.trackers[0].is_pending = False
        heard += sequences(taken(context.journal, MQTT))
    assert sorted(set(heard)) == list(range(1, 40 * HELD + 1))
    assert context.journal.thinned > 0


def test_what_is_taken_while_it_is_thinned_out_is_not_forgotten():
    context = Context()
    context.read(8 * 104)
    records, place = batch(context.journal, MQTT, 5)
    context.read(2 * 104)  # pushes these out
    took(context.journal, MQTT, place, len(records))
    assert context.journal.thinned > 0
    assert context.journal.store.waiting(MQTT) > 0
    assert taken(context.journal, MQTT)[0]["time"] is None


def test_the_clock_dates_what_was_kept_before():
    context = Context()
    context.read(HELD + 2)
    context.clock.now_s = NOON_S
    began_s = NOON_S - context.clock.now_ms // 1000
    context.read()
    after = context.start_again()
    times = [status["time"] for status in taken(after.journal, MQTT)]
    assert times == [began_s + 10 * (i + 1) for i in range(HELD + 3)]


def test_nobody_knows_the_time_of_a_run_that_never_knew_it():
    context = Context()
    context.read(HELD + 2)
    after = context.start_again()
    after.clock.now_s = NOON_S
    after.read()
    after.journal.trackers[0].is_pending = False
    found = taken(after.journal, MQTT)
    assert [status["time"] for status in found] == [None] * (HELD + 2) + [NOON_S + 10]


def test_within_a_run_times_become_known_when_they_are_sent():
    context = Context()
    context.read(HELD + 2)
    assert taken(context.journal, MQTT, most=1, batches=1)[0]["time"] is None
    context.clock.now_s = NOON_S
    began_s = NOON_S - context.clock.now_ms // 1000
    assert taken(context.journal, MQTT, most=1, batches=1)[0]["time"] == began_s + 20


def test_packs_are_told_apart():
    context = Context(("front", "rear"))
    context.read(HELD, of=0)
    context.read(HELD, of=1)
    for sent in context.journal.trackers:
        sent.is_pending = False
    other = Context(("rear",), storage=context.folder, rtc=context.rtc.after_a_crash())
    reader, names = Reader(other.journal), []
    while True:
        records, place = batch(other.journal, MQTT, 7)
        if not records:
            break
        names += [reader.name for record in records if reader.read(record)]
        took(other.journal, MQTT, place, len(records))
    assert names == ["rear"] * HELD
