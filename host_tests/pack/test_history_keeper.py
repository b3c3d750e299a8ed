"""When a record is kept, and what a flash that refuses leads to."""

import os

from evencell.hub import Hub
from evencell.pack import history_store
from evencell.pack.history import READINGS, Keeper
from evencell.pack.pack import Pack
from evencell.pack.temperature import TemperatureScale
from host_tests.pack.history_helpers import clear, folder, reading
from host_tests.portable import FakeClock

QUARTER_MS = 900_000


class Log:
    def __init__(self):
        self.warnings = []

    def warning(self, text: str):
        self.warnings.append(text)


class Context:
    """What the keeper needs: packs, a clock that is set by hand, a flash in a folder."""

    def __init__(self, storage: str, *names):
        self.clock = FakeClock()
        self.log = Log()
        self.hub = Hub([Pack(name, "jk_b2a24s", TemperatureScale("0.1")) for name in names], self.clock)
        self.config = {"packs": [{"interval_ms": 1000} for _ in names]}
        self.board = self
        self.storage = storage


def keeper_of(name: str, *packs) -> tuple:
    storage = folder(name)
    if not history_store.exists(storage):
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
    store = history_store.Store(history_store.folder_of(context.storage + "/history", name, cells), cells)
    return store.day.next


def test_a_record_is_kept_when_its_quarter_of_an_hour_is_over():
    context, keeper = keeper_of("keeper-over")
    for second in range(0, 900, 60):
        publish(context, 1000 * second, [3300, 3301])
        keeper.look()
    assert records_of(context, 2) == 0
    context.clock.now_ms = QUARTER_MS  # without a new reading
    keeper.look()
    assert records_of(context, 2) == 1
    context.clock.now_ms = 3 * QUARTER_MS  # and nothing was read since
    keeper.look()
    assert records_of(context, 2) == 1


def test_the_same_reading_counts_once():
    context, keeper = keeper_of("keeper-once")
    publish(context, 1000, [3300, 3301])
    keeper.look()
    keeper.look()
    assert keeper.histories[0].record[READINGS] == 1


def test_before_any_reading_nothing_is_made_and_afterwards_all_is_found_again():
    context, keeper = keeper_of("keeper-again")
    keeper.look()
    assert keeper.histories[0].cells == 0
    publish(context, 1000, [3300, 3301])
    keeper.look()
    publish(context, QUARTER_MS, [3300, 3301])
    keeper.look()
    again = started(context)
    assert again.histories[0].cells == 2
    assert again.histories[0].record[history_store.START] == keeper.histories[0].record[history_store.START] + 1


def test_more_cells_begin_anew_fewer_go_on():
    context, keeper = keeper_of("keeper-cells")
    publish(context, 1000, [3300, 3301])
    keeper.look()
    publish(context, 2000, [3300])
    keeper.look()
    assert (keeper.histories[0].cells, keeper.histories[0].record[READINGS]) == (2, 2)
    publish(context, 3000, [3300, 3301, 3302])
    keeper.look()
    assert (keeper.histories[0].cells, keeper.histories[0].record[READINGS]) == (3, 1)
    assert os.listdir(context.storage + "/history") == ["pack1-3"]


def test_each_pack_has_its_own():
    context, keeper = keeper_of("keeper-packs", "front", "rear")
    publish(context, 1000, [3300, 3301], 1)
    keeper.look()
    assert [history.cells for history in keeper.histories] == [0, 2]
    publish(context, QUARTER_MS, [3300, 3301, 3302], 0)
    keeper.look()
    assert (records_of(context, 3, "front"), records_of(context, 2, "rear")) == (0, 1)


def test_a_flash_that_refuses_a_record_is_told_once_and_the_next_one_is_tried():
    context, keeper = keeper_of("keeper-refuses")
    publish(context, 1000, [3300, 3301])
    keeper.look()
    root = context.storage + "/history"
    clear(root)
    os.rmdir(root)
    for quarter in (1, 2):
        publish(context, quarter * QUARTER_MS, [3300, 3301])
        keeper.look()
    assert len(context.log.warnings) == 1
    assert "no history of pack1" in context.log.warnings[0]
    os.mkdir(root)
    os.mkdir(root + "/pack1-2")
    publish(context, 3 * QUARTER_MS, [3300, 3301])
    keeper.look()
    assert records_of(context, 2) == 1


def test_where_nothing_can_be_kept_all_else_goes_on():
    storage = folder("keeper-room")
    os.mkdir(storage)
    with open(storage + "/history", "w"):
        pass  # a file where the folder should be
    context = Context(storage, "pack1")
    keeper = started(context)
    assert keeper.histories == []
    assert len(context.log.warnings) == 1
    publish(context, 1000, [3300, 3301])
    keeper.look()
