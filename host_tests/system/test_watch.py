"""The watchdog itself is a script: no computer has one."""

from evencell.system.log import Log
from evencell.system.supervisor import Part, Supervisor
from evencell.system.watch import Watch
from host_tests.portable import FakeClock

LONG_MS = 120_000


class Watchdog:
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
    """A watch with one part, and a clock that is moved by hand. `kept` is what the supervisor would keep."""

    def __init__(self):
        self.clock = FakeClock()
        self.log = Log(self.clock)
        self.kept = []
        self.hardware = Watchdog()
        supervisor = Supervisor(self.log, lambda part, what: self.kept.append((part, what)))
        self.watch = Watch(self.hardware, self.clock, supervisor, self.log)
        self.progress = self.watch.progress()
        supervisor.parts += [Part("other", None, None), Part("part", None, self.progress)]
        self.watch.start()

    def fed_after(self, ms: int) -> bool:
        """Whether a look after so many milliseconds feeds the watchdog."""
        self.clock.now_ms += ms
        before = self.hardware.fed
        self.watch.look()
        return self.hardware.fed > before


def test_a_part_that_keeps_its_promises_is_fed_and_one_that_rests():
    scene = Scene()
    assert scene.fed_after(86_400_000)
    scene.progress.within(1000)
    assert scene.fed_after(1000)
    scene.progress.within(86_400_000)
    assert scene.fed_after(86_400_000)
    scene.progress.rest()
    assert scene.fed_after(10 * 86_400_000)
    assert scene.log.lines() == []


def test_a_late_part_is_named_and_after_a_grace_not_fed_any_more():
    scene = Scene()
    scene.progress.within(1000)
    assert scene.fed_after(1001)
    assert scene.fed_after(59_999)
    assert scene.log.lines() == ["1 warning part is late: no progress"]
    assert not scene.fed_after(1)
    assert not scene.fed_after(LONG_MS)
    assert scene.log.lines()[1:] == ["61 error part: no progress; the watchdog, if there is one, resets the board"]
    assert len(scene.kept) == 1 and scene.kept[0][0] == "part"


def test_a_part_that_comes_back_is_fed_again_and_named_again():
    scene = Scene()
    for _ in range(2):
        scene.progress.within(1000)
        assert not scene.fed_after(LONG_MS)
        scene.progress.within(1000)
        assert scene.fed_after(1)
    assert len(scene.log.lines()) == 4


def test_waking_counts_only_for_a_part_that_rests():
    scene = Scene()
    scene.progress.within(LONG_MS)
    scene.progress.woken(1000)
    assert scene.fed_after(LONG_MS)
    scene.progress.rest()
    scene.progress.woken(1000)
    scene.clock.now_ms += 900
    scene.progress.woken(1000)
    assert scene.fed_after(100)
    assert not scene.fed_after(LONG_MS)


def test_at_the_prompt_there_is_time():
    scene = Scene()
    assert scene.hardware.timeout_ms <= 60_000
    scene.watch.relax()
    assert scene.hardware.timeout_ms >= 600_000


def test_a_board_without_a_watchdog_still_says_who_is_late():
    scene = Scene()
    scene.hardware.watchdog = lambda _timeout_ms: None
    scene.watch.start()
    scene.progress.within(1000)
    assert not scene.fed_after(LONG_MS)
    scene.watch.relax()
    assert len(scene.log.lines()) == 2
