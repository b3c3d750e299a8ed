"""Readings as a history takes them, an independent way to sum them up, and a folder for its records."""

import os

from evencell.history.recorder import History
from evencell.pack.pack import Pack
from evencell.pack.status import Status
from evencell.pack.temperature import TemperatureScale
from evencell.storage.paths import exists
from host_tests.portable import scratch_path


def reading(cells_mv: list, balance_raw: int = 0, balance_ma: int = 0) -> Status:
    status = Status()
    status.cells_detected = len([mv for mv in cells_mv if mv])
    status.cells_configured = len(cells_mv)
    for cell, voltage_mv in enumerate(cells_mv):
        status.cells_mv[cell] = voltage_mv
    status.balance_raw, status.balance_ma = balance_raw, balance_ma
    status.balancing_raw = 1
    status.derive()
    return status


def history_of(cells: int, start: int = 0, interval_ms: int = 1000) -> History:
    history = History(Pack("pack1", "jk_b2a24s", TemperatureScale("0.1")), interval_ms)
    history.make_room(cells, start)
    history.begin(0)
    return history


def rows_of(record, cells: int, rows: int = 15) -> list:
    """Each row as a list of (minimum, maximum, mean) of every cell."""
    row_elements = 3 * cells
    at = len(record) - rows * row_elements
    values = list(record)
    found = []
    for row in range(rows):
        flat = values[at + row * row_elements : at + (row + 1) * row_elements]
        found.append([tuple(flat[3 * cell : 3 * cell + 3]) for cell in range(cells)])
    return found


def folder(name: str) -> str:
    """A path where nothing is."""
    path = scratch_path(name)
    if exists(path):  # the 32-bit port gives one name
        clear(path)
        os.rmdir(path)
    return path


def clear(path: str):
    """Remove all that is in a folder."""
    for name in os.listdir(path):
        below = path + "/" + name
        if os.stat(below)[0] & 0x4000:
            clear(below)
            os.rmdir(below)
        else:
            os.remove(below)
