"""A device as it comes out of its box, with a simulated radio, two slots and a past that its flash already holds.

By its clock each test begins at the same time: so all that it shows is the same each time.
"""

import functools
import json
import math
import random
import shutil
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

from boards.host import SETTINGS_VARIABLE
from evencell.history.archive import keep, open_store
from evencell.pack.status import Status
from evencell.protocol.jk_balancer import CHARGING_LOWEST, DISCHARGING_HIGHEST
from host_tests.boot_flash import Flash
from host_tests.end_to_end import faked_time
from host_tests.end_to_end.flash_device import FlashDevice
from host_tests.history.history_helpers import history_of
from tools.dev import device

BEGINS_S = 1_778_948_400  # 2026-05-16 16:20 UTC, by the device's clock
ID = "7c9ebd3d49aa"
ACCESS_POINT, ADDRESS = "192.168.4.1", "192.168.1.20"
WIFI_PASSWORD = "correct horse"
AIR = {
    "Home": {"password": WIFI_PASSWORD, "rssi": -52, "address": ADDRESS},
    "Home upstairs": {"password": WIFI_PASSWORD, "rssi": -67},
    "Workshop": {"password": WIFI_PASSWORD, "rssi": -71},
    "Café Central": {"password": None, "rssi": -78},
    "Printer 7C": {"password": WIFI_PASSWORD, "rssi": -86},
}
CELLS_MV = (3321, 3318, 3304, 3320)  # as the past ends
_FALLING_MV = (0.0, 0.2, 1.9, 0.1)  # what each cell falls in a day
_DAYS = 9
_DAY_S = 86_400
_WINDOW_S = 900  # of a record
_STEP_S = 10  # between two readings; a longer gap would not count as observed


class NewDevice(FlashDevice):
    """`now_s()` is what its clock shows."""

    def __init__(self, folder: Path, port, http_port: int, dns_port: int):
        super().__init__(Flash(folder / "flash"))
        self.http_port = http_port
        self._ahead_s = BEGINS_S - int(time.time())
        self.flash.write("id", ID)
        self.flash.write("slot", "a")
        shutil.copytree(_past().name, self.flash.path / "history")
        self._air = folder / "air.json"
        self._air.write_text(json.dumps(AIR))
        self._port = str(port)
        self._dns_port = dns_port

    def now_s(self) -> float:
        return time.time() + self._ahead_s

    def start(self, cause: str = "reset"):
        """Returns once its page is there."""
        options = self.flash.options(cause)
        radio = {"air": str(self._air), "dns_port": self._dns_port}
        environment = device.environment(
            self._port, self.flash.path, overrides=self.http, simulated=True, radio=radio, reset_cause=cause
        )
        options["env"] = {**environment, **options["env"], SETTINGS_VARIABLE: environment[SETTINGS_VARIABLE]}
        options["env"] |= faked_time.shifted(self._ahead_s)
        self.run(self.flash.command(), options, "page at")


@functools.cache
def _past() -> tempfile.TemporaryDirectory:
    """Some days of a pack that rests, is ridden in the morning and the evening, and charged at night."""
    folder = tempfile.TemporaryDirectory(prefix="evencell-past-")
    chance = random.Random(1)
    cells, first = open_store(folder.name, "pack1", len(CELLS_MV))
    history, start_s = history_of(cells, first), BEGINS_S - 60 - _DAYS * _DAY_S
    clock = SimpleNamespace(unix_s_at=lambda uptime_ms: start_s + uptime_ms // 1000)
    for window in range(_DAYS * _DAY_S // _WINDOW_S):
        history.begin(window)
        for at_s in range(window * _WINDOW_S, (window + 1) * _WINDOW_S, _STEP_S):
            history.add(_reading(start_s + at_s, _DAYS - at_s / _DAY_S, chance), at_s * 1000)
        keep(folder.name, "pack1", cells, history.record, clock)
    return folder


def _reading(at_s: int, left_days: float, chance: random.Random) -> Status:
    """A status at this time of day; nearer to the end a falling cell is lower."""
    hour = at_s % _DAY_S / 3600
    is_ride, is_charge = 7 <= hour < 7.75 or 17 <= hour < 18, 22 <= hour < 24
    common_mv = (
        -110 + 25 * math.sin(at_s / 90)
        if is_ride
        else 85 + 12 * (hour - 22)
        if is_charge
        else 8 * math.sin(at_s / 7000)
    )
    status = Status()
    status.cells_detected = status.cells_configured = len(CELLS_MV)
    for cell, (mv, falling_mv) in enumerate(zip(CELLS_MV, _FALLING_MV, strict=True)):
        own_mv = falling_mv * left_days * (1.6 if is_ride else 1)
        noise_mv = chance.choice((0, 0, 0, 1)) if not is_ride else chance.randint(-3, 3)
        status.cells_mv[cell] = round(mv + common_mv + own_mv + noise_mv)
    status.balance_raw, status.balance_ma, status.balancing_raw = 0, 0, 1
    if is_charge:  # a pulse from the highest cell, then one to the lowest
        status.balance_raw = (DISCHARGING_HIGHEST, CHARGING_LOWEST)[at_s // _STEP_S % 2]
        status.balance_ma = 1000
    status.derive()
    return status
