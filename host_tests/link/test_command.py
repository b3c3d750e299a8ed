"""A command through a pack's writer: result, event, reading and log."""

import asyncio
import os
import sys

from evencell.control.event_log import read
from evencell.hub import Hub
from evencell.link.poller import Poller
from evencell.link.writable import enable_writing
from evencell.runtime.lazy import unload
from evencell.runtime.supervisor import Supervisor
from evencell.storage.faults import StorageFaults
from host_tests.fakes import FakeClock, FakeLog
from host_tests.link.ports import ScriptedPort
from host_tests.link.test_write import SILENCE, poll_at, reading, written
from host_tests.portable import scratch_path

TAKEN = [written(10), reading(10), reading(10), reading(10)]  # the last two are the poll that follows


class Bench:
    """A pack that was just read (4 LFP cells, trigger 5 mV, balancing on), with a `writer`."""

    def __init__(self, *script, chemistry="lfp", capacity_ah=20):
        self.port = ScriptedPort(*script)
        self.poll = poll_at(self.port)
        self.pack = self.poll.pack
        self.clock = FakeClock()
        self.log = FakeLog()
        self.hub = Hub([self.pack], self.clock)
        self.board = self
        self.storage = scratch_path("flash")
        os.mkdir(self.storage)
        self.rules = self.key_values = None
        self.storage_faults = StorageFaults(self.clock, self.log)
        self.config = {"packs": [{"writable": True, "chemistry": chemistry, "capacity_ah": capacity_ah}]}
        self.poller = Poller(self.pack.bus, [self.poll], self.hub, self.log)
        self._consumer = self.hub.subscribe()
        enable_writing(self, self.poller, [self.poll])

    def command(self, name: str, given, source: str = "page") -> dict:
        return asyncio.run(self.pack.writer(name, given, source))

    def kept(self) -> list:
        """What the event log has: source, old and new value, result and sentence of each write."""
        return [tuple(fields[4:]) for _, fields in read(self, 0)]

    def events(self) -> list:
        return [self._consumer.next_event()[1:] for _ in range(self.hub.posted)]


def test_command_posts_event_reading_and_log_line():
    bench = Bench(*TAKEN)
    outcome = bench.command("trigger_mv", "10")
    assert outcome == {
        "requested": 10, "old": 5, "active": 10, "result": "written", "error": None, "warnings": [],
    }  # fmt: skip
    assert bench.events() == [("settings", "pack1", "trigger_mv", 10), ("link", "pack1", "link", "online")]
    assert bench.pack.accepted.trigger_mv == 10
    assert bench.log.lines[-1] == "pack1: command: trigger_mv was 5 and is 10 now"
    assert bench.kept() == [("page", 5, 10, "written", "")]


def test_numbers_texts_and_bools_are_values():
    for given in (10, 10.0, "10", " 10.00 "):
        assert Bench(*TAKEN).command("trigger_mv", given)["active"] == 10, given
    for name, given in (("balancing_enabled", "ON"), ("balancing_enabled", True), ("cell_count", 4.0)):
        bench = Bench()
        assert bench.command(name, given)["error"] is None, given
        assert bench.port.written == []


def test_invalid_value_is_refused():
    for given in ("", "x", "5.5", 5.5, -5, "5.", ".0", True, 123456, "1e3"):
        bench = Bench()
        outcome = bench.command("trigger_mv", given)
        assert (outcome["requested"], outcome["active"]) == (given, None)
        assert outcome["error"] == "trigger_mv is a whole number of at most 5 digits."
    assert "there are balancing_enabled, cell_count" in bench.command("voltage", 5)["error"]
    assert (bench.port.written, bench.events()) == ([], [])


def test_a_setting_that_there_is_not_is_no_event():
    """A topic of MQTT may have any name in its place: a longer one than a record of the event log has room for."""
    for name in ("", "trigger", "x" * 200, "\u00fc" * 60):
        bench = Bench()
        assert bench.command(name, 5, "mqtt")["error"].startswith("There is no such setting")
        assert bench.kept() == []


def test_value_out_of_range_is_refused_even_if_it_is_set():
    bench = Bench()
    assert "300 to 2000" in bench.command("max_balance_ma", 299)["error"]
    bench.pack.accepted.cells_configured = 17
    outcome = bench.command("cell_count", 17)
    assert (outcome["active"], "4 only" in outcome["error"]) == (17, True)
    assert bench.port.written == []


def test_command_never_overrides_a_rule_against_switching_on():
    for bench in (Bench(chemistry="nmc"), Bench(chemistry="custom")):
        bench.pack.accepted.cells_mv[0] = 2900
        bench.pack.accepted.balancing_raw = 0
        outcome = bench.command("balancing_enabled", True)
        assert outcome["error"].startswith("Balancing should stay off")
        assert (outcome["requested"], outcome["active"], bench.port.written) == (True, False, [])


def test_warnings_are_in_result_and_log():
    bench = Bench(written(4), reading(4), reading(4), reading(4))
    warnings = bench.command("trigger_mv", 4)["warnings"]
    assert warnings == ["trigger_mv 4 is below the balancer's accuracy of ± 5 mV."]
    assert "pack1: " + warnings[0] in bench.log.lines


def test_old_reading_is_renewed_before_the_decision():
    bench = Bench(reading(10))
    bench.clock.now_ms = 10_001
    bench.pack.accepted.trigger_mv = 10
    assert bench.command("trigger_mv", 10)["error"] is None
    assert len(bench.port.written) == 1
    bench.clock.now_ms = 20_002
    outcome = Bench.command(bench, "trigger_mv", 12)
    assert "does not answer" in outcome["error"] and outcome["error"].endswith("Nothing was written.")
    assert outcome["active"] is None


def test_refusal_by_balancer_changes_verdict():
    bench = Bench(written(5), reading(5))
    outcome = bench.command("trigger_mv", 10)
    assert (outcome["active"], outcome["error"]) == (5, "The balancer refused trigger_mv 10 and keeps 5.")
    assert bench.events() == [("diagnosis", "pack1", "verdict", "refused write")]


def test_active_value_is_unknown_without_reading_after_write():
    bench = Bench(written(10), *[SILENCE] * 4)
    outcome = bench.command("trigger_mv", 10)
    assert outcome["active"] is None
    assert "not known" in outcome["error"]
    assert ("settings", "pack1", "trigger_mv", 10) not in bench.events()


def test_commands_on_one_bus_do_not_overlap():
    """Else each would take the other's write for a refusal."""

    async def both(bench):
        writer = bench.pack.writer
        return await asyncio.gather(writer("trigger_mv", 10, "mqtt"), writer("trigger_mv", 12, "page"))

    bench = Bench(*TAKEN, written(12), reading(12), reading(12), reading(12))
    assert [outcome["active"] for outcome in asyncio.run(both(bench))] == [10, 12]


def test_polls_between_exchanges_keep_their_rhythm():
    bench = Bench(*TAKEN, *[reading(10)] * 4)
    bench.poll.interval_ms = 50
    due = bench.poll.due

    async def scenario():
        task = asyncio.create_task(bench.poller.run())
        await bench.pack.writer("trigger_mv", 10, "mqtt")
        assert (bench.poll.due - due) % 50 == 0
        await bench.port.exhausted.wait()
        task.cancel()

    asyncio.run(scenario())
    assert bench.pack.accepted.trigger_mv == 10
    assert ("link", "pack1", "link", "stale") not in bench.events()


def test_modules_of_command_are_unloaded():
    bench = Bench(*TAKEN)
    names = ["evencell." + name for name in ("link.writer", "pack.settings", "protocol.jk_settings")]
    for name in names:
        unload(name)  # this test's own imports
    bench.command("trigger_mv", 10)
    for name in names:
        assert name not in sys.modules


def test_bug_ends_its_command_alone():
    bench = Bench()
    bench.config = {}
    log = Failures()
    asyncio.run(Supervisor(log).contain("commands", bench.pack.writer("trigger_mv", 10, "mqtt")))
    assert log.kinds == [KeyError]
    assert not bench.port.written


class Failures:
    """Takes exceptions."""

    def __init__(self):
        self.kinds = []

    def exception(self, error, _name):
        self.kinds.append(type(error))
