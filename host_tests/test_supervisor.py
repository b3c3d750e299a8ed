import asyncio

from evencell.system.log import Log
from evencell.system.supervisor import Supervisor
from host_tests.portable import FakeClock


def run(scenario):
    """Run `scenario(supervisor)`; returns the lines of the log."""
    log = Log(FakeClock())
    supervisor = Supervisor(log)
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
