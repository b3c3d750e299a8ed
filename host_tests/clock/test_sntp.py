"""When the firmware asks for the time, with real servers. Its own end to end: end_to_end/test_time.py."""

import asyncio
from types import SimpleNamespace

import pytest

from evencell.clock.sntp import Sntp
from evencell.hub import Hub
from evencell.runtime.log import Log
from evencell.runtime.memory import MemoryPolicy
from host_tests.clock.test_clock import ScriptedClock
from host_tests.end_to_end import time_server
from host_tests.end_to_end.time_server import TimeServer
from host_tests.fakes import ScriptedHeaps

YEAR_S = 31_557_600


class Asking:
    """The client with a clock that stands; `due_after_s` says when it wants to ask again, `ask` does."""

    def __init__(self, *servers: TimeServer | str):
        self._servers = {server for server in servers if isinstance(server, TimeServer)}
        hosts = [server.host if isinstance(server, TimeServer) else server for server in servers]
        self.clock = ScriptedClock()
        self.log = Log(self.clock, "debug")
        self.heaps = ScriptedHeaps()
        self.heap = MemoryPolicy(self.heaps, self.log)
        self.network = None
        self.hub = Hub([], self.clock)
        self.config = {"time": {"servers": hosts, "interval_s": 3600}}
        self.client = Sntp(self)

    def ask(self):
        asyncio.run(self.client.query())

    def due_after_s(self) -> int:
        """Moves the clock there, and those of the servers."""
        waited_s = 0
        while not self.client.is_due():
            self.clock.now_ms += 1000
            waited_s += 1
        for server in self._servers:
            server.ahead_s += waited_s
        return waited_s

    def error_s(self, server: TimeServer) -> float:
        """How far the clock is from what this server says."""
        return abs(self.clock.unix_ms() / 1000 - server.now_s())

    def pauses(self, count: int) -> list[int]:
        found = []
        for _ in range(count):
            self.ask()
            found.append(self.due_after_s())
        return found


@pytest.fixture
def good():
    with TimeServer(YEAR_S) as server:
        yield server


@pytest.fixture
def broken():
    with TimeServer(YEAR_S, time_server.unsynchronised) as server:
        yield server


def test_time_is_right_and_queried_again_after_the_interval(good):
    asking = Asking(good)
    assert asking.pauses(2) == [3600, 3600]
    assert good.asked == 2
    asking.ask()
    assert asking.error_s(good) < 60
    assert asking.clock.source == "sntp"


def test_failing_server_is_queried_with_backoff(broken):
    assert Asking(broken).pauses(8) == [1, 2, 4, 8, 16, 32, 60, 60]


def test_unknown_host_is_looked_up_with_a_longer_backoff():
    asking = Asking("no-such-host.invalid")
    assert asking.pauses(8) == [10, 20, 40, 80, 160, 320, 600, 600]
    assert len(asking.log.lines(0)) == 1 and "host not found" in asking.log.lines(0)[0]


def test_shortage_of_memory_is_named_instead_of_the_host():
    asking = Asking("no-such-host.invalid")
    asking.heaps.network = 1_200, 900
    asking.pauses(2)
    assert asking.log.lines(0)[0].endswith(
        "time: no-such-host.invalid: not enough memory for the network (1200 bytes free, 900 in one piece); "
        "evencell keeps trying"
    )


def test_server_that_answered_is_queried_again_and_another_after_a_failure(broken, good):
    asking = Asking(broken, good)
    assert asking.pauses(3) == [1, 3600, 3600]
    assert (broken.asked, good.asked) == (1, 2)


def test_good_response_resets_the_backoff(good, broken):
    asking = Asking(broken, broken, good)
    assert asking.pauses(3) == [1, 2, 3600]
    asking.client.servers = (broken.host,) * 3
    assert asking.pauses(2) == [1, 2]


def test_one_server_alone_does_not_step_a_clock_that_was_set(good):
    with TimeServer(YEAR_S) as other:
        asking = Asking(good, other)
        asking.pauses(1)
        good.ahead_s += 100
        assert asking.pauses(2) == [1, 3600]
        assert (good.asked, other.asked) == (2, 1)
        assert asking.error_s(other) < 2
        other.ahead_s += 100
        assert asking.pauses(2) == [1, 3600]
        assert asking.error_s(good) < 2
        assert "differs by 100 s" in asking.log.lines(0)[1]


def test_confirmed_time_steps_the_clock(good):
    asking = Asking(good)
    asking.pauses(1)
    good.ahead_s -= 100
    assert asking.pauses(2) == [1, 3600]
    assert asking.error_s(good) < 2


def test_servers_that_disagree_do_not_step_the_clock(good):
    with TimeServer(YEAR_S) as other:
        asking = Asking(good, other)
        asking.pauses(1)
        known_s = asking.clock.unix_s_at(0)
        for round_ in range(1, 4):
            good.ahead_s += 100 * round_
            other.ahead_s -= 100 * round_
            asking.pauses(2)
        assert asking.clock.unix_s_at(0) == known_s


def test_kiss_of_death_is_obeyed_for_a_day():
    with TimeServer(YEAR_S, time_server.kiss) as unwilling:
        asking = Asking(unwilling)
        asking.pauses(3)
        assert unwilling.asked == 1
        asking.clock.now_ms += 86_400_000
        asking.ask()
        assert unwilling.asked == 2


def test_datagrams_that_do_not_echo_the_cookie_are_ignored():
    def replies(question: bytes, good: bytes) -> list[bytes]:
        forged = good[:32] + bytes((good[32] ^ 0x10,)) + good[33:40] + bytes((good[40] ^ 0x10,)) + good[41:]
        return time_server.malformed(question, forged) + time_server.wrong_origin(question, forged) + [good]

    with TimeServer(YEAR_S, replies) as server:
        asking = Asking(server)
        asking.ask()
        assert asking.error_s(server) < 60


def rejoin(asking: Asking):
    """The network is lost, seen to be away, and joined again."""
    asking.network.state = "waiting"
    assert not asking.client.is_due()
    asking.network.state = "connected"


def test_no_query_without_a_network_and_one_at_once_when_it_is_joined(broken, good):
    asking = Asking(broken, good)
    asking.network = SimpleNamespace(state="waiting")
    assert not asking.client.is_due()
    asking.network.state = "connected"
    asking.ask()
    assert not asking.client.is_due()
    rejoin(asking)
    assert asking.client.is_due()
    asking.ask()
    rejoin(asking)
    assert not asking.client.is_due()


def test_closed_port_is_a_failure_and_no_traceback():
    asking = Asking("127.0.0.1:1")
    asking.ask()
    assert "evencell keeps trying" in asking.log.lines(0)[0]
