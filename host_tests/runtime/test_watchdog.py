"""The watchdog itself is a script: no computer has one."""

from evencell.runtime.log import Log
from evencell.runtime.supervisor import Part, Supervisor
from evencell.runtime.watchdog import Watchdog
from host_tests.fakes import FakeClock

LONG_MS = 120_000


class HardwareWatchdog:
    """Counts how often it is fed; `timeout_ms` is the latest one asked for."""

    def __init__(self):
        self.fed = 0
        self.timeout_ms = None

    def watchdog(self, timeout_ms):
        self.timeout_ms = timeout_ms
        return self

    def feed(self):
        self.fed += 1


class Scene:
    """A watchdog with one part, and a clock that is moved by hand. `kept` is what the supervisor would keep."""

    def __init__(self):
        self.clock = FakeClock()
        self.log = Log(self.clock)
        self.kept = []
        self.hardware = HardwareWatchdog()
        supervisor = Supervisor(self.log, lambda part, what: self.kept.append((part, what)))
        self.watchdog = Watchdog(self.hardware, self.clock, supervisor, self.log)
        self.heartbeat = self.watchdog.heartbeat()
        supervisor.parts += [Part("other", None, None), Part("part", None, self.heartbeat)]
        self.watchdog.start()

    def fed_after(self, ms: int) -> bool:
        """Whether a check after so many milliseconds feeds the watchdog."""
        self.clock.now_ms += ms
        before = self.hardware.fed
        self.watchdog.check()
        return self.hardware.fed > before


def test_heartbeats_in_time_and_suspended_ones_feed_the_watchdog():
    scene = Scene()
    assert scene.fed_after(86_400_000)
    scene.heartbeat.set_deadline(1000)
    assert scene.fed_after(1000)
    scene.heartbeat.set_deadline(86_400_000)
    assert scene.fed_after(86_400_000)
    scene.heartbeat.suspend()
    assert scene.fed_after(10 * 86_400_000)
    assert scene.log.lines() == []


def test_late_part_is_logged_and_not_fed_after_its_grace():
    scene = Scene()
    scene.heartbeat.set_deadline(1000)
    assert scene.fed_after(1001)
    assert scene.fed_after(59_999)
    assert scene.log.lines() == ["1 warning part is late: no heartbeat"]
    assert not scene.fed_after(1)
    assert not scene.fed_after(LONG_MS)
    assert scene.log.lines()[1:] == ["61 error part: no heartbeat; the watchdog, if there is one, resets the board"]
    assert len(scene.kept) == 1 and scene.kept[0][0] == "part"


def test_part_that_was_late_is_fed_again_and_logged_again():
    scene = Scene()
    for _ in range(2):
        scene.heartbeat.set_deadline(1000)
        assert not scene.fed_after(LONG_MS)
        scene.heartbeat.set_deadline(1000)
        assert scene.fed_after(1)
    assert len(scene.log.lines()) == 4


def test_resume_sets_a_deadline_only_for_a_suspended_part():
    scene = Scene()
    scene.heartbeat.set_deadline(LONG_MS)
    scene.heartbeat.resume(1000)
    assert scene.fed_after(LONG_MS)
    scene.heartbeat.suspend()
    scene.heartbeat.resume(1000)
    scene.clock.now_ms += 900
    scene.heartbeat.resume(1000)
    assert scene.fed_after(100)
    assert not scene.fed_after(LONG_MS)


def test_relaxed_watchdog_waits_an_hour():
    scene = Scene()
    assert scene.hardware.timeout_ms <= 60_000
    scene.watchdog.relax()
    assert scene.hardware.timeout_ms >= 600_000


def test_late_part_is_logged_on_a_board_without_a_watchdog():
    scene = Scene()
    scene.hardware.watchdog = lambda _timeout_ms: None
    scene.watchdog.start()
    scene.heartbeat.set_deadline(1000)
    assert not scene.fed_after(LONG_MS)
    scene.watchdog.relax()
    assert len(scene.log.lines()) == 2
