"""A device that sleeps, as `evencell run` starts it: what it is told of its clock."""

import json
import time

import pytest

from boards.host import RESTART_STATUS, SETTINGS_VARIABLE
from boards.host_sleep import SLEEP, SLEEP_STATUS
from tools.cli import sleeping

SECOND_NS = 1_000_000_000
AWAKE_S = 300  # that each start lasts


class Device:
    """Ends each start as it is told; `started` has the settings of each, and how far its clock was ahead."""

    def __init__(self, data, ends):
        self._data, self._ends = data, list(ends)
        self.started = []
        self.now_ns = 0

    def start(self, environment) -> int:
        settings = json.loads(environment[SETTINGS_VARIABLE])
        ahead_ns = settings["time_ns"] - time.time_ns() if "time_ns" in settings else 0
        self.started.append((settings.get("wake_cause"), round(ahead_ns / SECOND_NS)))
        status, sleep_ms = self._ends.pop(0)
        self.now_ns += AWAKE_S * SECOND_NS
        asleep = {"ms": sleep_ms, "time_ns": time.time_ns() + ahead_ns}
        (self._data / SLEEP).write_text(json.dumps(asleep))
        return status


@pytest.mark.parametrize(("speed", "ahead_s"), [(100_000, (0, 900, 900, 1800)), (1, (0, 0, 0, 0))])
def test_clock_goes_on_through_sleeps_and_restarts(monkeypatch, tmp_path, speed, ahead_s):
    """A restart, such as the end of being awake, takes back none of what the sleeps have brought."""
    sleep_ms = 900_000 if speed > 1 else 1
    ends = [(SLEEP_STATUS, sleep_ms), (RESTART_STATUS, 0), (SLEEP_STATUS, sleep_ms), (0, 0)]
    device = Device(tmp_path, ends)
    monkeypatch.setattr(time, "time_ns", lambda: device.now_ns)
    assert sleeping.live(device.start, {SETTINGS_VARIABLE: "{}"}, tmp_path, speed) == 0
    assert [cause for cause, _ in device.started] == [None, "timer", "", "timer"]
    assert [ahead for _, ahead in device.started] == pytest.approx(ahead_s, abs=2)
