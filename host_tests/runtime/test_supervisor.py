import asyncio

from evencell.runtime.log import Log
from evencell.runtime.supervisor import Supervisor, run_guarded
from evencell.runtime.watchdog import Heartbeat
from host_tests.fakes import FakeClock
from host_tests.portable import raises


def run(scenario, keep=None):
    """Run `scenario(supervisor)`; returns the lines of the log."""
    log = Log(FakeClock())
    supervisor = Supervisor(log, keep)
    asyncio.run(scenario(supervisor))
    return log.lines()


def test_failing_part_is_logged_and_restarted_while_others_go_on():
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
        assert not supervisor.is_healthy()
        await started_again.wait()
        assert supervisor.is_healthy()
        assert [part.restarts for part in supervisor.parts] == [1, 0]

    lines = run(scenario)
    assert lines[0] == "0 error failing failed"
    assert "a bug" in "\n".join(lines)
    assert len(other_goes_on) > 5


def test_part_that_ends_by_itself_is_restarted():
    async def ending():
        pass

    async def scenario(supervisor):
        supervisor.start("ending", ending)
        await asyncio.sleep(0.01)
        assert not supervisor.is_healthy()

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


def test_bug_in_storing_failures_ends_no_part():
    def keep(_name, _what):
        raise MemoryError

    async def scenario(supervisor):
        supervisor.start("part", failing)
        await asyncio.sleep(0.01)
        assert [part.restarts for part in supervisor.parts] == [1]

    assert "MemoryError" in run(scenario, keep)[-1]


def test_failure_without_memory_to_log_it_ends_no_part():
    class FullLog:
        def exception(self, _error, _name):
            raise MemoryError

    async def scenario():
        supervisor = Supervisor(FullLog(), lambda _name, _what: FullLog().exception(None, None))
        supervisor.start("part", failing)
        await asyncio.sleep(0.01)
        assert [part.restarts for part in supervisor.parts] == [1]

    asyncio.run(scenario())


def test_heartbeat_is_suspended_until_the_restart():
    clock = FakeClock()
    heartbeat = Heartbeat(clock)

    async def failing_late():
        heartbeat.set_deadline(1)
        raise ValueError("a bug")

    async def scenario(supervisor):
        supervisor.start("part", failing_late, heartbeat)
        await asyncio.sleep(0.01)
        clock.now_ms = 1_000_000
        assert heartbeat.late_ms() == 0

    run(scenario)


def test_run_guarded_reports_exceptions_and_passes_control_c():
    escaped = []

    def fail(error):
        raise error

    run_guarded(lambda: None, escaped.append)
    run_guarded(lambda: fail(ValueError("a bug")), escaped.append)
    assert [str(error) for error in escaped] == ["a bug"]
    raises(KeyboardInterrupt, lambda: run_guarded(lambda: fail(KeyboardInterrupt()), escaped.append))


def test_contain_returns_the_result_or_reports_the_bug():
    async def scenario():
        async def answer():
            return 42

        async def failing():
            raise ValueError("a bug")

        reported = []
        supervisor = Supervisor(Log(FakeClock()), lambda name, _what: reported.append(name))
        assert await supervisor.contain("a request", answer()) == 42
        assert await supervisor.contain("a request", failing()) is None
        assert reported == ["a request"]

    asyncio.run(scenario())
