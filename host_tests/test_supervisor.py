import asyncio

from evencell.system.log import Log
from evencell.system.supervisor import Supervisor, guard
from evencell.system.watch import Progress
from host_tests.portable import FakeClock, raises


def run(scenario, keep=None):
    """Run `scenario(supervisor)`; returns the lines of the log."""
    log = Log(FakeClock())
    supervisor = Supervisor(log, keep)
    asyncio.run(scenario(supervisor))
    return log.lines()


def test_a_part_that_fails_is_logged_and_started_again_while_others_go_on():
    starts = []
    started_again = asyncio.Event()

    async def failing():
        starts.append("failing")
        if len(starts) == 1:
            raise ValueError("a bug")
        started_again.set()
        await asyncio.Event().wait()

    other_goes_on = []

    async def steady():
        while True:
            other_goes_on.append(1)
            await asyncio.sleep(0.01)

    async def scenario(supervisor):
        supervisor.start("failing", failing)
        supervisor.start("steady", steady)
        await asyncio.sleep(0.02)
        assert not supervisor.healthy()
        await started_again.wait()
        assert supervisor.healthy()
        assert [part.restarts for part in supervisor.parts] == [1, 0]

    lines = run(scenario)
    assert lines[0] == "0 error failing failed"
    assert "a bug" in "\n".join(lines)
    assert len(other_goes_on) > 5


def test_a_part_that_ends_by_itself_is_a_failure_too():
    async def ending():
        pass

    async def scenario(supervisor):
        supervisor.start("ending", ending)
        await asyncio.sleep(0.01)
        assert not supervisor.healthy()

    assert run(scenario) == ["0 warning ending ended by itself"]


async def failing():
    raise ValueError("a bug")


def test_every_failure_is_kept():
    kept = []

    async def scenario(supervisor):
        supervisor.start("part", failing)
        await asyncio.sleep(0.01)
        await supervisor.contain("a connection", failing())
        supervisor.report("other", "a sentence")

    lines = run(scenario, lambda name, what: kept.append((name, str(what))))
    assert kept == [("part", "a bug"), ("a connection", "a bug"), ("other", "a sentence")]
    assert lines[-1] == "0 error other: a sentence"


def test_a_failure_in_keeping_failures_harms_nobody():
    def keep(_name, _what):
        raise MemoryError

    async def scenario(supervisor):
        supervisor.start("part", failing)
        await asyncio.sleep(0.01)
        assert [part.restarts for part in supervisor.parts] == [1]

    assert "MemoryError" in run(scenario, keep)[-1]


def test_a_part_that_waits_for_its_restart_has_promised_nothing():
    clock = FakeClock()
    progress = Progress(clock)

    async def promising():
        progress.within(1)
        raise ValueError("a bug")

    async def scenario(supervisor):
        supervisor.start("part", promising, progress)
        await asyncio.sleep(0.01)
        clock.now_ms = 1_000_000
        assert progress.late_ms() == 0

    run(scenario)


def test_what_escapes_is_caught_and_control_c_passes():
    escaped = []

    def fail(error):
        raise error

    guard(lambda: None, escaped.append)
    guard(lambda: fail(ValueError("a bug")), escaped.append)
    assert [str(error) for error in escaped] == ["a bug"]
    raises(KeyboardInterrupt, lambda: guard(lambda: fail(KeyboardInterrupt()), escaped.append))
