"""How often a device that sleeps asks a real time server on loopback, while its clock runs more or less wrong."""

import asyncio
from types import SimpleNamespace

from evencell.power.time_of_day import refresh
from evencell.power.wake import WakeClock
from host_tests.end_to_end.time_server import TimeServer, unsynchronised
from host_tests.fakes import FakeLog
from host_tests.power.packs import ReadPack, state_of

NOON_S = 1_800_000_000
REPORT_S = 21_600


class Device:
    """A device whose clock runs `drift_ppm` too fast. `time_server` has the true time."""

    def __init__(self, drift_ppm: int = 0, replies=None):
        self.state = state_of(ReadPack())
        self.now_s = 0.0
        self.clock_s = 946_684_800.0
        self._drift_ppm = drift_ppm
        self.server = TimeServer(0, replies)
        self.server.now_s = lambda: NOON_S + self.now_s

    def set_time(self, unix_s: int):
        self.clock_s = unix_s

    def time_ns(self) -> int:
        return int(self.clock_s * 1e9)

    def error_s(self) -> float:
        return self.clock_s - NOON_S - self.now_s

    def report(self) -> int:
        """Let the time between two reports pass, then report; how often a server was asked."""
        self.now_s += REPORT_S
        self.clock_s += REPORT_S * (1 + self._drift_ppm / 1e6)
        clock = WakeClock(self, self, int(self.now_s * 1000))
        context = SimpleNamespace(
            board=self,
            clock=clock,
            config={"time": {"servers": [self.server.host]}},
            heap=SimpleNamespace(shortage=lambda: ""),
            log=FakeLog(),
            network=None,
        )
        wake = SimpleNamespace(
            state=self.state, clock=clock, now_s=lambda: clock.uptime_ms() // 1000, save=lambda: None
        )
        before = self.server.asked
        asyncio.run(refresh(SimpleNamespace(context=context, wake=wake)))
        return self.server.asked - before


def test_a_good_clock_is_asked_about_once_a_day():
    device = Device(drift_ppm=5)
    with device.server:
        asked = [device.report() for _ in range(20)]
    assert asked == [1, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1]
    assert abs(device.error_s()) < 1


def test_a_bad_clock_is_asked_about_with_each_report():
    device = Device(drift_ppm=2_000)  # 43 s between two reports
    with device.server:
        assert [device.report() for _ in range(6)] == [1] * 6
    assert abs(device.error_s()) < 1


def test_a_clock_that_is_never_set_is_queried_with_longer_pauses():
    """Each query without a good answer keeps the radio on."""
    device = Device(replies=unsynchronised)
    with device.server:
        assert [device.report() for _ in range(8)] == [1, 1, 0, 1, 0, 0, 0, 1]


def test_nothing_is_asked_where_the_clock_is_the_systems_own():
    device = Device()
    device.set_time = None
    with device.server:
        assert device.report() == 0
