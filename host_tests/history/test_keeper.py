"""When a record is stored, and what an error of the flash leads to."""

import os

from evencell.history.recorder import READINGS, START, Keeper
from evencell.history.store import Store, folder_of
from evencell.hub import Hub
from evencell.pack.pack import Pack
from evencell.pack.temperature import TemperatureScale
from evencell.runtime.lazy_lock import LazyLock
from evencell.storage.faults import StorageFaults
from evencell.storage.paths import exists
from host_tests.fakes import FakeClock, FakeLog
from host_tests.history.history_helpers import clear, folder, reading

QUARTER_MS = 900_000


class Context:
    """What the keeper needs: packs, a clock that is set by hand, a flash in a folder."""

    def __init__(self, storage: str, *names):
        self.clock = FakeClock()
        self.log = FakeLog()
        self.storage_faults = StorageFaults(self.clock, self.log)
        self.lazy_lock = None
        self.hub = Hub([Pack(name, "jk_b2a24s", TemperatureScale("0.1")) for name in names], self.clock)
        self.config = {"packs": [{"interval_ms": 1000} for _ in names]}
        self.board = self
        self.storage = storage


def keeper_of(name: str, *packs) -> tuple:
    storage = folder(name)
    if not exists(storage):
        os.mkdir(storage)
    context = Context(storage, *(packs or ("pack1",)))
    return context, started(context)


def started(context) -> Keeper:
    """A keeper that found what there was, as in a new start of the device."""
    keeper = Keeper(context, None)
    keeper.find()
    return keeper


def publish(context, at_ms: int, cells_mv: list, pack: int = 0):
    context.clock.now_ms = at_ms
    published = context.hub.packs[pack]
    published.accepted = reading(cells_mv)
    published.sequence += 1
    published.read_ms = at_ms


def records_of(context, cells: int, name: str = "pack1") -> int:
    store = Store(folder_of(context.storage + "/history", name, cells), cells)
    return store.day.next


def test_record_is_stored_after_15_minutes():
    context, keeper = keeper_of("keeper-over")
    for second in range(0, 900, 60):
        publish(context, 1000 * second, [3300, 3301])
        keeper.update()
    assert records_of(context, 2) == 0
    context.clock.now_ms = QUARTER_MS  # without a new reading
    keeper.update()
    assert records_of(context, 2) == 1
    context.clock.now_ms = 3 * QUARTER_MS  # and nothing was read since
    keeper.update()
    assert records_of(context, 2) == 1


def test_a_record_is_stored_after_other_lazy_modules_but_within_a_minute():
    context, _ = keeper_of("keeper-waits")
    context.lazy_lock = LazyLock()
    keeper = started(context)
    publish(context, 0, [3300, 3301])
    keeper.update()
    for over_ms, is_stored in ((59_999, False), (60_000, True)):
        scope = context.lazy_lock.open()
        publish(context, QUARTER_MS + over_ms, [3310, 3311])
        keeper.update()
        assert records_of(context, 2) == is_stored
        context.lazy_lock.close(scope)
    assert keeper.histories[0].record[READINGS] == 1
    publish(context, 2 * QUARTER_MS, [3320, 3321])
    keeper.update()
    assert records_of(context, 2) == 2
    assert context.lazy_lock.open(), "it was not closed"


def test_the_same_reading_counts_once():
    context, keeper = keeper_of("keeper-once")
    publish(context, 1000, [3300, 3301])
    keeper.update()
    keeper.update()
    assert keeper.histories[0].record[READINGS] == 1


def test_store_is_created_by_the_first_reading_and_found_after_a_restart():
    context, keeper = keeper_of("keeper-again")
    keeper.update()
    assert keeper.histories[0].cells == 0
    publish(context, 1000, [3300, 3301])
    keeper.update()
    publish(context, QUARTER_MS, [3300, 3301])
    keeper.update()
    again = started(context)
    assert again.histories[0].cells == 2
    assert again.histories[0].record[START] == keeper.histories[0].record[START] + 1


def test_more_cells_start_a_new_record_and_fewer_continue():
    context, keeper = keeper_of("keeper-cells")
    publish(context, 1000, [3300, 3301])
    keeper.update()
    publish(context, 2000, [3300])
    keeper.update()
    assert (keeper.histories[0].cells, keeper.histories[0].record[READINGS]) == (2, 2)
    publish(context, 3000, [3300, 3301, 3302])
    keeper.update()
    assert (keeper.histories[0].cells, keeper.histories[0].record[READINGS]) == (3, 1)
    assert os.listdir(context.storage + "/history") == ["pack1-3"]


def test_each_pack_has_its_own():
    context, keeper = keeper_of("keeper-packs", "front", "rear")
    publish(context, 1000, [3300, 3301], 1)
    keeper.update()
    assert [history.cells for history in keeper.histories] == [0, 2]
    publish(context, QUARTER_MS, [3300, 3301, 3302], 0)
    keeper.update()
    assert (records_of(context, 3, "front"), records_of(context, 2, "rear")) == (0, 1)


def test_failed_write_is_logged_once_and_the_next_record_is_tried():
    context, keeper = keeper_of("keeper-refuses")
    publish(context, 1000, [3300, 3301])
    keeper.update()
    clear(context.storage)
    os.rmdir(context.storage)
    for quarter in (1, 2):
        publish(context, quarter * QUARTER_MS, [3300, 3301])
        keeper.update()
    assert len(context.log.warnings) == 1 and context.storage_faults.history_lost == 2
    assert "history of pack1 can't be written" in context.log.warnings[0]
    os.mkdir(context.storage)
    publish(context, 3 * QUARTER_MS, [3300, 3301])
    keeper.update()
    assert records_of(context, 2) == 1 and context.storage_faults.history_lost == 2
    assert context.storage_faults.status()["problem"] is None


def test_records_are_kept_in_memory_until_the_flash_works():
    storage = folder("keeper-late")
    context = Context(storage, "pack1")
    keeper = started(context)
    publish(context, 1000, [3300, 3301])
    keeper.update()
    assert keeper.histories[0].record[READINGS] == 1 and not keeper.histories[0].is_stored
    os.mkdir(storage)
    publish(context, QUARTER_MS, [3300, 3301])
    keeper.update()
    assert (records_of(context, 2), context.storage_faults.history_lost) == (1, 0)


def test_a_file_in_the_place_of_the_folder_is_set_aside():
    storage = folder("keeper-room")
    os.mkdir(storage)
    with open(storage + "/history", "w"):
        pass
    context = Context(storage, "pack1")
    keeper = started(context)
    publish(context, 1000, [3300, 3301])
    keeper.update()
    keeper.finish()
    assert records_of(context, 2) == 1
    assert sorted(os.listdir(storage)) == ["history", "history.bad"] and context.storage_faults.set_aside == 1


def test_incomplete_record_is_written_at_a_clean_end():
    context, keeper = keeper_of("keeper-end")
    keeper.finish()
    assert os.listdir(context.storage + "/history") == []
    publish(context, 1000, [3300, 3301])
    keeper.update()
    keeper.finish()
    assert records_of(context, 2) == 1


def test_folders_with_an_impossible_number_of_cells_are_no_history():
    storage = folder("keeper-strays")
    os.mkdir(storage)
    os.mkdir(storage + "/history")
    for name in ("pack1-99999999999999999999", "pack1-0", "pack1-25", "pack1-x", "pack1"):
        os.mkdir("%s/history/%s" % (storage, name))
    assert started(Context(storage, "pack1")).histories[0].cells == 0
