"""A past that a device finds on its flash: days of readings, a minute apart, of which one cell drifts away."""

from pathlib import Path

from evencell.history.archive import keep, open_store
from evencell.protocol.jk_balancer import CHARGING_LOWEST
from host_tests.fakes import FakeClock
from host_tests.history.history_helpers import history_of, reading

DRIFTING = 3  # this cell …
DRIFT_MV = 4  # … sinks by so much a day
RIDE = range(68, 72)  # which quarters of an hour of a day are ridden
_WINDOWS_A_DAY = 96


def cells_at(window: int, minute: int, cells: int) -> list[int]:
    """Voltages in mV in a minute of a quarter of an hour."""
    load_mv = 100 + minute if window % _WINDOWS_A_DAY in RIDE else 0
    sunk_mv = DRIFT_MV * window // _WINDOWS_A_DAY
    return [3310 + cell % 3 - load_mv - (sunk_mv if cell + 1 == DRIFTING else 0) for cell in range(cells)]


def make_past(flash: Path, cells: int, days: int, end_s: int):
    """Write it, as the firmware would have; the last reading is a minute before `end_s`."""
    root = str(flash / "history")
    cells, start = open_store(root, "pack1", cells)
    history, clock = history_of(cells, start), FakeClock(end_s - days * 86_400)
    for window in range(days * _WINDOWS_A_DAY):
        history.begin(window)
        is_ride = window % _WINDOWS_A_DAY in RIDE
        for minute in range(15):
            status = reading(cells_at(window, minute, cells), CHARGING_LOWEST if is_ride else 0, 1000 * is_ride)
            history.add(status, (15 * window + minute) * 60_000)
        keep(root, "pack1", cells, history.record, clock)
