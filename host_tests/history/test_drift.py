"""Cells that drift, from the month that a pack's history keeps."""

import os

from evencell.history.drift import find
from evencell.history.recorder import row_at
from evencell.history.store import ROWS, Store, folder_of
from host_tests.fakes import FakeClock
from host_tests.history.history_helpers import folder, history_of
from host_tests.history.test_health import DAY_S, MIDNIGHT_S, record

CELLS = 4


class Device:
    """A context whose history has so many days of two hours each, at rest, in which the third cell falls."""

    def __init__(self, days: int, fall_dmv: int):
        self.clock = FakeClock(MIDNIGHT_S + days * DAY_S)
        self.history = self
        self.folder = folder("drift")
        kept = history_of(CELLS)
        kept.is_stored = True
        self.histories = [kept]
        self.pack = kept.pack
        place = folder_of(self.folder, self.pack.name, CELLS)
        os.mkdir(self.folder)
        os.mkdir(place)
        store = Store(place, CELLS)
        for part in range(12 * days):
            day, began_s = part // 12, MIDNIGHT_S + part * 7200
            made = record((33_000, 33_000, 33_000 - fall_dmv * day, 33_000), 0xFF)
            assert len(made) == row_at(ROWS, CELLS)
            made[2], made[3], made[4] = began_s & 0xFFFF, began_s >> 16, 1
            store.month.append(bytes(made))
        store.close()

    def found(self) -> list:
        return [bits for bits in find(self, self.pack) if bits is not None]


def test_a_cell_that_falls_is_found():
    assert Device(10, 16).found() == [0b100]
    assert Device(10, 3).found() == [0]


def test_without_a_history_nothing_is_known():
    device = Device(1, 16)
    device.histories[0].is_stored = False
    assert device.found() == []
    device.history = None
    assert device.found() == []
