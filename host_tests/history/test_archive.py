"""A history on the flash: two rings, restarts, power cuts, dates."""

import os

from evencell.history import archive
from evencell.history.archive import keep, max_bytes, open_store, remove
from evencell.history.columns import Columns
from evencell.history.fold import pending
from evencell.history.reader import RecordReader
from evencell.history.recorder import READINGS, START, row_at
from evencell.history.store import REST_BITS, ROWS, Store, folder_of, stamp, unix_s, uptime_s
from evencell.protocol.jk_balancer import CHARGING_LOWEST
from host_tests.fakes import FakeClock
from host_tests.history.history_helpers import clear, folder, history_of, reading, rows_of
from host_tests.portable import raises

CELLS = 2


def opened(root: str, cells: int = CELLS) -> tuple:
    """The folder of the records, and a history in a new start of the device."""
    cells, start = open_store(root, "pack1", cells)
    return folder_of(root, "pack1", cells), history_of(cells, start)


def keep_now(path: str, history, clock):
    root, name = path.rsplit("/", 1)
    keep(root, name.rsplit("-", 1)[0], history.cells, history.record, clock)


def live_through(path: str, history, windows, clock: FakeClock, cells_mv=(3300, 3310)):
    """Keep a record for each of these 15 minutes of uptime; a reading a minute."""
    for window in windows:
        history.begin(window)
        for minute in range(15):
            history.add(reading(list(cells_mv)), (15 * window + minute) * 60_000)
        keep_now(path, history, clock)


def columns_of(store: Store, history, clock: FakeClock, is_month: bool) -> Columns:
    more = [summary[:] for summary, _ in pending(store)]
    if is_month:
        return Columns(RecordReader(store.month, store.month_record, ROWS, more, history.record[START], clock))
    return Columns(RecordReader(store.day, store.day_record, 15, [], history.record[START], clock))


def times_of(path: str, history, clock: FakeClock, is_month: bool = False, since_s: int = 0) -> list:
    columns = columns_of(Store(path, history.cells), history, clock, is_month)
    text = "".join(columns.times(since_s, 4_000_000_000, 900 if is_month else 60))
    return [int(part) for part in text.split(",") if part]


def steps(first_s: int, count: int, step_s: int) -> list:
    """Times: a `range` of them is wrong on MicroPython 1.24 of 32 bits."""
    return [first_s + step_s * i for i in range(count)]


def test_zero_cells_create_no_store():
    root = folder("history-none")
    assert open_store(root, "pack1", 0) == (0, 0)
    assert os.listdir(root) == []


def test_eight_records_of_15_minutes_become_one_of_two_hours():
    path, history = opened(folder("history-back"))
    live_through(path, history, range(9), FakeClock(1_790_000_000))
    store = Store(path, CELLS)
    assert (store.day.next, store.month.next) == (9, 1)
    assert store.month.read_into(0, store.month_record)
    assert (uptime_s(store.month_record), unix_s(store.month_record)) == (0, 1_790_000_000)
    assert rows_of(store.month_record, CELLS, ROWS) == [[(3300, 3300, 33000), (3310, 3310, 33100)]] * 8
    assert [list(summary)[:4] for summary, is_whole in pending(store)] == [halves(7200) + halves(1_790_007_200)]


def halves(value: int) -> list:
    return [value & 0xFFFF, value >> 16]


def test_each_column_has_a_value_for_each_time():
    path, history = opened(folder("history-columns"))
    live_through(path, history, (0, 1, 3), FakeClock(1_790_000_000))
    store = Store(path, CELLS)
    columns = columns_of(store, history, FakeClock(1_790_000_000), False)
    times = "".join(columns.times(1_790_000_600, 1_790_002_760, 60)).split(",")
    assert times == [str(1_790_000_000 + 60 * minute) for minute in range(10, 47) if not 30 <= minute < 45]
    for cell, mean in ((0, "3300.0"), (1, "3310.0")):
        assert "".join(columns.column(cell, 2)).split(",") == [mean] * len(times)
        assert "".join(columns.column(cell, 0)).split(",") == [mean[:4]] * len(times)


def test_a_cell_that_was_away_for_a_minute_has_null_there():
    path, history = opened(folder("history-away"))
    for minute, cells_mv in enumerate(([3301, 3310], [0, 3310], [3299, 3310])):
        for second in range(2):
            history.add(reading([mv + second if mv else 0 for mv in cells_mv]), minute * 60_000 + second * 1000)
    keep_now(path, history, FakeClock(1_790_000_000))
    columns = columns_of(Store(path, CELLS), history, FakeClock(1_790_000_000), False)
    assert "".join(columns.times(0, 4_000_000_000, 60)).count(",") == 2
    texts = ["".join(columns.column(0, kind)) for kind in range(3)]
    assert texts == ["3301,null,3299", "3302,null,3300", "3301.5,null,3299.5"]
    assert "".join(columns.column(1, 2)) == "3310.5,3310.5,3310.5"


def test_two_hours_are_summed_up():
    path, history = opened(folder("history-sum"))
    for window in range(8):
        history.begin(window)
        for minute in range(15):
            cells_mv = [3300 - window, 3310 + minute if window != 3 else 0]
            status = reading(cells_mv, CHARGING_LOWEST if window == 5 else 0, 360)
            history.add(status, (15 * window + minute) * 60_000)
        keep_now(path, history, FakeClock())
    store = Store(path, CELLS)
    store.month.read_into(0, store.month_record)
    rows = rows_of(store.month_record, CELLS, ROWS)
    assert rows[5] == [(3295, 3295, 32950), (3310, 3324, 33170)]
    assert rows[3] == [(3297, 3297, 32970), (0, 0, 0)]
    # a reading a minute stands for 10 s; 15 of them with 360 mA are 15 mAh; the first stands for nothing
    values = list(store.month_record)
    assert values[5:7] == [10 * (8 * 15 - 1), 150]
    assert values[10:14] == [10 * (7 * 15 - 1), 0, 150, 0]


def test_rest_needs_constant_voltages_and_no_balancing():
    path, history = opened(folder("history-rest"))
    live_through(path, history, (0, 1, 2), FakeClock())
    for window, cells_mv, balance in ((3, (3300, 3310), CHARGING_LOWEST), (4, None, 0)):
        history.begin(window)
        for minute in range(15):
            status = reading(list(cells_mv or (3300, 3310 + minute // 5)), balance, 300)
            history.add(status, (15 * window + minute) * 60_000)
        keep_now(path, history, FakeClock())
    history.begin(5)
    for minute in range(11):  # too few minutes
        history.add(reading([3300, 3310]), (15 * 5 + minute) * 60_000)
    keep_now(path, history, FakeClock())
    summary, _ = next(pending(Store(path, CELLS)))
    assert summary[REST_BITS] == 0b000111


def test_restart_appends_to_existing_records():
    root = folder("history-restart")
    path, history = opened(root)
    live_through(path, history, range(3), FakeClock(1_790_000_000))
    path, again = opened(root, 0)
    assert (again.cells, again.record[START]) == (CELLS, history.record[START] + 1)
    live_through(path, again, range(2), FakeClock(1_790_010_000))
    assert times_of(path, again, FakeClock(1_790_010_000)) == steps(1_790_000_000, 45, 60) + steps(
        1_790_010_000, 30, 60
    )
    assert times_of(path, again, FakeClock(1_790_010_000), True) == steps(1_790_000_000, 3, 900) + steps(
        1_790_010_000, 2, 900
    )


def test_records_from_before_the_time_was_known_get_their_date_afterwards():
    root = folder("history-late")
    path, history = opened(root)
    live_through(path, history, range(2), FakeClock())
    assert times_of(path, history, FakeClock(1_790_000_000))[:2] == [1_790_000_000, 1_790_000_060]
    live_through(path, history, range(2, 4), FakeClock(1_790_000_000))
    for is_month, count in ((False, 60), (True, 4)):
        step_s = 900 if is_month else 60
        path, later = opened(root)
        dated = times_of(path, later, FakeClock(1_790_900_000), is_month)
        assert dated == steps(1_790_000_000, count, step_s)


def test_a_start_that_never_knew_the_time_is_not_shown():
    root = folder("history-never")
    path, history = opened(root)
    live_through(path, history, range(2), FakeClock())
    path, next_one = opened(root)
    live_through(path, next_one, range(1), FakeClock(1_790_000_000))
    path, now = opened(root)
    for is_month, count in ((False, 15), (True, 1)):
        step_s = 900 if is_month else 60
        assert times_of(path, now, FakeClock(1_790_900_000), is_month) == steps(1_790_000_000, count, step_s)


def test_without_any_time_entries_of_this_start_have_its_uptime():
    root = folder("history-uptime")
    path, history = opened(root)
    live_through(path, history, range(1), FakeClock())
    path, again = opened(root)
    live_through(path, again, (3,), FakeClock())
    assert times_of(path, again, FakeClock()) == list(range(2700, 3600, 60))
    assert times_of(path, again, FakeClock(1_790_000_000)) == steps(1_790_002_700, 15, 60)


def test_a_clock_that_jumps_moves_this_start_as_a_whole():
    path, history = opened(folder("history-jump"))
    live_through(path, history, (0,), FakeClock(1_790_000_000))
    live_through(path, history, (1,), FakeClock(1_790_005_000))
    jumped = FakeClock(1_790_005_000)
    assert times_of(path, history, jumped) == steps(1_790_005_000, 30, 60)
    assert times_of(path, history, jumped, True) == [1_790_005_000, 1_790_005_900]


def test_what_a_power_cut_left_open_is_caught_up():
    path, history = opened(folder("history-cut"))
    store = Store(path, CELLS)
    for window in range(10):  # the summaries never came to the flash
        history.begin(window)
        history.add(reading([3300, 3310]), window * 900_000)
        stamp(history.record, FakeClock(1_790_000_000))
        store.day.append(bytes(history.record))
    assert times_of(path, history, FakeClock(1_790_000_000), True) == steps(1_790_000_000, 10, 900)
    live_through(path, history, range(10, 16), FakeClock(1_790_000_000))
    assert Store(path, CELLS).month.next == 2
    assert times_of(path, history, FakeClock(1_790_000_000), True) == steps(1_790_000_000, 16, 900)


def test_a_new_start_sums_up_what_the_last_one_left():
    """A scooter's display is never on for two hours."""
    root = folder("history-rides")
    for ride in range(3):
        path, history = opened(root)
        live_through(path, history, range(2), FakeClock(1_790_000_000 + 86_400 * ride))
    assert Store(path, CELLS).month.next == 2


def test_a_day_that_is_lost_does_not_stop_the_month():
    path, history = opened(folder("history-lost"))
    live_through(path, history, range(16), FakeClock(1_790_000_000))
    clear(path + "/day")
    live_through(path, history, range(16, 24), FakeClock(1_790_000_000))
    assert times_of(path, history, FakeClock(1_790_000_000), True) == steps(1_790_000_000, 24, 900)


def test_a_damaged_record_is_left_out_of_every_column():
    path, history = opened(folder("history-damage"))
    live_through(path, history, range(3), FakeClock(1_790_000_000))
    with open(path + "/day/0", "r+b") as file:
        file.seek(2 * len(history.record) + 50)
        file.write(b"\x55\xaa")
    assert times_of(path, history, FakeClock(1_790_000_000)) == steps(1_790_000_000, 15, 60) + steps(
        1_790_001_800, 15, 60
    )


def test_what_goes_while_it_is_read_is_null():
    path, history = opened(folder("history-goes"))
    live_through(path, history, range(2), FakeClock(1_790_000_000))
    store = Store(path, CELLS)
    columns = columns_of(store, history, FakeClock(1_790_000_000), False)
    assert "".join(columns.times(0, 4_000_000_000, 60)).count(",") == 29
    store.close()
    os.remove(path + "/day/0")
    assert "".join(columns.column(0, 0)).split(",") == ["null"] * 30


def test_a_month_and_a_day_are_kept_and_no_more():
    path, history = opened(folder("history-month"))
    store = Store(path, CELLS)
    record = bytes(history.record)
    for _ in range(300):
        store.day.append(record)
    for _ in range(1000):
        store.month.append(bytes(store.month_record))
    assert 96 <= store.day.next - store.day.first <= 104
    assert 360 <= store.month.next - store.month.first <= 384
    size = 0
    for ring in ("/day", "/month"):
        size += sum([os.stat(path + ring + "/" + name)[6] for name in os.listdir(path + ring)])
    assert size <= max_bytes(CELLS)


def test_more_cells_start_a_new_store_and_fewer_continue():
    root = folder("history-grow")
    path, history = opened(root)
    live_through(path, history, range(1), FakeClock(1_790_000_000))
    assert open_store(root, "pack1", 1) == (2, history.record[START] + 1)
    assert open_store(root, "pack1", 4) == (4, 0)
    assert os.listdir(root) == ["pack1-4"]
    assert open_store(root, "pack1-4", 2) == (2, 0)  # a name is not mistaken for another
    assert sorted(os.listdir(root)) == ["pack1-4", "pack1-4-2"]
    assert open_store(root, "pack1", 0) == (4, 0)


def test_remove_deletes_the_store():
    root = folder("history-remove")
    path, history = opened(root)
    live_through(path, history, range(1), FakeClock())
    remove(path)
    assert os.listdir(root) == []


def test_the_time_of_day_has_32_bits():
    history = history_of(CELLS)
    history.begin(3)
    stamp(history.record, FakeClock(4_000_000_000))
    assert (uptime_s(history.record), unix_s(history.record)) == (2700, 4_000_002_700)
    stamp(history.record, FakeClock())
    assert unix_s(history.record) == 0


class FullFlash:
    """What the store needs of `os`, with 40 KiB left."""

    def __init__(self):
        self.listdir, self.mkdir = os.listdir, os.mkdir

    def statvfs(self, _path: str) -> tuple:
        return 4096, 4096, 500, 10, 10, 0, 0, 0, 0, 255


def test_a_full_flash_is_refused_with_figures():
    root = folder("history-full")
    real, archive.os = archive.os, FullFlash()
    try:
        assert "40 KiB are free" in raises(OSError, lambda: open_store(root, "pack1", 4))
    finally:
        archive.os = real
    assert os.listdir(root) == []


def test_an_empty_record_has_no_readings():
    history = history_of(CELLS)
    assert history.record[READINGS] == 0
    assert row_at(1, CELLS) - row_at(0, CELLS) == 3 * CELLS
