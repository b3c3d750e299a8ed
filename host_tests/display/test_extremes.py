"""What each cell has ever been: compared, written seldom, read again whatever became of the file."""

import os
from array import array

from evencell.display.extremes import Extremes
from evencell.runtime.log import Log
from evencell.storage.faults import StorageFaults
from evencell.storage.paths import exists
from host_tests.fakes import FakeClock
from host_tests.portable import scratch_path

CELLS_MV = (3301, 3302, 3299, 3300)
DAY_MS = 86_400_000
MADE = []  # folders of this run


class Thing:
    """Whatever it is given."""

    def __init__(self, **attributes):
        for name, value in attributes.items():
            setattr(self, name, value)


class Scene:
    """A pack whose readings are given, and a clock that is moved by hand."""

    def __init__(self, folder: str | None = None):
        self.folder = folder or new_folder()
        self.clock = FakeClock()
        status = Thing(slots=4, cells_mv=array("H", bytes(48)))
        self.pack = Thing(name="pack1", sequence=0, accepted=status)
        hub = Thing(packs=[self.pack], clock=self.clock)
        self.faults = StorageFaults(self.clock, Log(self.clock))
        self.extremes = Extremes(Thing(hub=hub, storage_faults=self.faults, board=Thing(storage=self.folder)))

    def read(self, *cells_mv: int):
        self.pack.sequence += 1
        self.pack.accepted.slots = len(cells_mv)
        for cell, cell_mv in enumerate(cells_mv):
            self.pack.accepted.cells_mv[cell] = cell_mv
        self.extremes.update()

    def found(self) -> tuple:
        lowest_mv, highest_mv = self.extremes.of(self.pack)
        count = self.pack.accepted.slots
        return tuple(lowest_mv[:count]), tuple(highest_mv[:count])

    def after_power_cut(self) -> tuple:
        scene = Scene(self.folder)
        scene.pack.accepted.slots = self.pack.accepted.slots
        return scene.found()

    def written(self) -> str:
        with open(self.folder + "/extremes.json") as file:
            return file.read()


def new_folder() -> str:
    path = scratch_path("extremes-%d" % len(MADE))
    MADE.append(path)
    os.mkdir(path)
    return path


def test_nothing_is_known_before_the_first_reading():
    scene = Scene()
    scene.extremes.update()
    assert scene.found() == ((0, 0, 0, 0), (0, 0, 0, 0))
    assert not exists(scene.folder + "/extremes.json")


def test_the_lowest_and_the_highest_of_each_cell():
    scene = Scene()
    scene.read(3301, 3302, 3299, 3300)
    scene.read(3250, 3400, 3299, 3310)
    scene.read(3290, 3390, 3298, 3300)
    assert scene.found() == ((3250, 3302, 3298, 3300), (3301, 3400, 3299, 3310))


def test_implausible_voltages_are_ignored():
    scene = Scene()
    scene.read(*CELLS_MV)
    scene.read(0, 400, 6000, 3300)
    assert scene.found() == (CELLS_MV, CELLS_MV)


def test_extremes_survive_a_power_cut():
    scene = Scene()
    scene.read(*CELLS_MV)
    assert scene.after_power_cut() == (CELLS_MV, CELLS_MV)


def test_extremes_are_written_every_five_minutes_at_most():
    scene = Scene()
    scene.read(*CELLS_MV)
    scene.clock.now_ms += 299_000
    scene.read(3290, 3302, 3299, 3300)
    assert scene.after_power_cut()[0][0] == 3301
    scene.clock.now_ms += 1_000
    scene.extremes.update()
    assert scene.after_power_cut()[0][0] == 3290


def test_unchanged_extremes_are_not_written():
    scene = Scene()
    scene.read(*CELLS_MV)
    with open(scene.folder + "/extremes.json", "w") as file:
        file.write("untouched")
    for _ in range(100):
        scene.clock.now_ms += 600_000
        scene.read(*CELLS_MV)
    assert scene.written() == "untouched"


def test_the_worst_day_writes_some_20_kilobytes():
    scene = Scene()
    written_bytes = writes = 0
    text = ""
    for minute in range(1_440):
        scene.clock.now_ms = minute * 60_000
        scene.read(*[3200 - minute // 2] * 4)
        if scene.written() != text:
            text = scene.written()
            writes += 1
            written_bytes += len(text)
    assert writes == 288
    assert written_bytes < 22_000


def test_reset_discards_extremes():
    scene = Scene()
    scene.read(*CELLS_MV)
    scene.extremes.reset()
    scene.read(3310, 3310, 3310, 3310)
    assert scene.found() == ((3310,) * 4,) * 2
    assert scene.after_power_cut() == scene.found()


def test_another_number_of_cells():
    scene = Scene()
    scene.read(*CELLS_MV)
    scene.clock.now_ms = DAY_MS
    scene.read(3301, 3302, 3299, 3300, 3350)
    assert scene.after_power_cut()[1] == (3301, 3302, 3299, 3300, 3350)


def test_damaged_file_counts_as_missing():
    scene = Scene()
    too_many = '{"pack1": [[%s], []]}' % ", ".join(["3300"] * 25)
    scene.read(*CELLS_MV)
    for text in ("", "{", "[]", "3", '{"pack1": 3}', '{"pack1": [[1]]}', '{"pack1": [["a"], []]}', too_many):
        with open(scene.folder + "/extremes.json", "w") as file:
            file.write(text)
        assert scene.after_power_cut() == ((0,) * 4,) * 2
