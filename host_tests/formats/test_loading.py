"""What every version has left on a device is still understood: samples of each (writers.py), loaded by today's code."""

import json
import os
import struct

from evencell.config.load import load
from evencell.display.extremes import Extremes
from evencell.forward.outbox.outbox import INFLUX, MQTT
from evencell.forward.outbox.reading import Reader
from evencell.history.columns import Columns
from evencell.history.fold import pending
from evencell.history.reader import RecordReader
from evencell.history.recorder import START
from evencell.history.store import ROWS, Store
from evencell.power import marks
from evencell.power import settings as wake_settings
from evencell.power.state import WakeState
from evencell.runtime import crash_file
from evencell.storage.key_value import KeyValueStore
from evencell.update import state as update_state
from host_tests.fakes import FakeClock
from host_tests.formats.writers import ASLEEP, FULL, LEARNED, RUN_ID, SAMPLES, UPDATE, VERSIONS
from host_tests.forward.outbox.test_outbox import NOON_S, Context, Rtc, frame_of
from host_tests.history.history_helpers import folder as empty_path


def copies(name: str):
    """A copy of the sample of each version, since loading may write."""
    for version in sorted(os.listdir(SAMPLES + "/" + name)):
        path = empty_path("format-%s-%s" % (name, version))
        copy("%s/%s/%s" % (SAMPLES, name, version), path)
        yield path


def copy(source: str, target: str):
    if os.stat(source)[0] & 0x4000:
        os.mkdir(target)
        for name in os.listdir(source):
            copy(source + "/" + name, target + "/" + name)
    else:
        with open(source, "rb") as file, open(target, "wb") as new:
            new.write(file.read())


def content_of(path: str) -> bytearray:
    with open(path, "rb") as file:
        return bytearray(file.read())


def test_a_configuration_of_every_version_has_no_fault_and_all_its_values():
    for folder in copies("config"):
        for name, given in (("full", FULL), ("asleep", ASLEEP)):
            config, faults, warnings = load("%s/%s.json" % (folder, name))
            assert (faults, warnings) == ([], []), faults
            assert_has(config, given, name)


def assert_has(config, given, path: str):
    """Each value of the file counts."""
    if isinstance(given, dict) and given:
        for key in given:
            assert_has(config[key], given[key], path + "." + key)
    elif isinstance(given, list) and given and isinstance(given[0], dict):
        assert len(config) == len(given), path
        for i in range(len(given)):
            assert_has(config[i], given[i], "%s[%d]" % (path, i))
    else:
        assert config == given, path


def columns_of(store: Store, is_month: bool) -> Columns:
    more = [summary[:] for summary, _ in pending(store)]
    clock = FakeClock(NOON_S)
    if is_month:
        return Columns(RecordReader(store.month, store.month_record, ROWS, more, 2, clock))
    return Columns(RecordReader(store.day, store.day_record, 15, [], 2, clock))


def values(texts) -> list:
    return [float(part) for part in "".join(texts).split(",") if part]


def test_a_history_of_every_version_has_all_its_minutes():
    for folder in copies("history"):
        store = Store(folder + "/history/pack1-4", 4)
        assert (store.day.next, store.month.next) == (9, 1)
        assert store.day.read_into(8, store.day_record) and store.day_record[START] == 1
        columns = columns_of(store, False)
        # The first start never knew the time.
        assert values(columns.times(0, 4_000_000_000, 60)) == [NOON_S + 60 * minute for minute in range(7 * 15)]
        for kind, factor in ((0, 1), (1, 1), (2, 1)):
            assert values(columns.column(0, kind)) == [3300 * factor] * (7 * 15)
            assert values(columns.column(1, kind)) == [3301 + minute // 15 for minute in range(7 * 15)]
            assert values(columns.column(2, kind)) == 7 * [3302 + minute for minute in range(15)]
        columns = columns_of(store, True)
        assert values(columns.times(0, 4_000_000_000, 900))[:7] == [NOON_S + 900 * row for row in range(7)]
        assert values(columns.column(2, 1))[:7] == 7 * [3316]
        store.close()


def test_an_outbox_of_every_version_is_delivered():
    for folder in copies("outbox"):
        every_s, rtc = 20 if folder.endswith("-1") else 15, Rtc()
        rtc.buffer[:] = content_of(folder + "/rtc.bin")
        context = Context(sinks=(MQTT, INFLUX), rtc=rtc, max_kib=16, storage=folder, clock=FakeClock(NOON_S))
        outbox = context.outbox
        waiting = outbox.waiting(MQTT)
        assert outbox.waiting(INFLUX) == waiting - 10
        reader, sequences, thinned, first_s = Reader(outbox), [], [], None
        while True:
            records, position = outbox.batch(MQTT, 50)
            if not records:
                break
            for record in records:
                assert reader.read(record)
                first_s = first_s or reader.time_s
                if reader.thinned is None:
                    sequences.append(reader.sequence)
                    assert reader.time_s == NOON_S + every_s * (reader.sequence - 40)
                    assert list(reader.accepted.cells_mv[:4]) == [(3300, 3310, 3320)[(reader.sequence - 1) % 3]] * 4
                else:
                    thinned.append((reader.thinned, reader.span_s))
            outbox.acknowledge(MQTT, position)
        assert first_s and first_s < NOON_S  # a reading of before the clock was set
        assert sequences[-200:] == list(range(641, 841))
        assert sequences == sorted(set(sequences))  # up to three of a minute or hour stay as they are
        assert set(thinned) == {(kind, span_s) for kind in ("lowest", "mean", "highest") for span_s in (60, 3600)}
        assert len(sequences) + len(thinned) == waiting
        assert (outbox.waiting(MQTT), outbox.waiting(INFLUX)) == (0, waiting - 10)


def test_a_sleeping_device_goes_on():
    """RTC memory of another layout is not used: the start after an update is no wake, and fills it anew."""
    for folder in copies("wake"):
        context = Context(packs=("pack1", "pack2"), storage=folder)
        state = WakeState(content_of(folder + "/rtc.bin"))
        assert state.load() == folder.endswith("-%d" % VERSIONS["wake"])
        if not state.packs:
            continue
        assert (state.run_id, state.base_ms, state.interval_s) == (RUN_ID, -1_234_567, 600)
        assert state.joined == bytes(range(24))
        assert [(pack.tag, pack.timeout_ms, pack.sequence) for pack in state.packs] == [(0, 1000, 100), (1, 1000, 101)]
        assert all(pack.frame == bytes(frame_of(3300, 4)) for pack in state.packs)
        assert marks.load(context) == {"starts": 0, "sequences": {"pack1": 100, "pack2": 101}}
        config = wake_settings.load(context.board, context.storage_faults)
        assert (config["mqtt"]["host"], config["packs"][0]["address"], config["faults"]) == ("192.168.1.5", 1, [])
        assert context.storage_faults.set_aside == 0


def test_the_files_of_state_of_every_version_are_used():
    for folder in copies("state"):
        context = Context(storage=folder)
        store = KeyValueStore(folder + "/learned.json", context.storage_faults)
        assert {name: store.get(name) for name in LEARNED} == LEARNED
        lowest_mv, highest_mv = Extremes(context).of(context.hub.packs[0])
        assert (list(lowest_mv[:5]), list(highest_mv[:5])) == ([3310] * 4 + [0], [3310] * 4 + [0])
        assert update_state.load(context) == UPDATE
        pieces = [piece for piece in crash_file.pieces(folder + "/crashes.json", []) if piece]
        written = b"".join(piece.encode() if isinstance(piece, str) else piece for piece in pieces)
        crashes = json.loads(written)["crashes"]
        assert [(crash["part"], crash["traceback"], crash["count"]) for crash in crashes] == [
            ("mqtt", "a sentence", 2),
            (None, None, 1),
        ]
        assert context.storage_faults.set_aside == 0


def test_rtc_memory_of_the_outbox_and_of_a_wake_do_not_overlap():
    """Each version of one may be there with each version of the other."""
    for outbox in copies("outbox"):
        used = struct.unpack_from("<HH", content_of(outbox + "/rtc.bin"), 4)
        assert 8 + used[0] * used[1] <= 1024
    for wake in copies("wake"):
        assert not any(content_of(wake + "/rtc.bin")[:1024])
