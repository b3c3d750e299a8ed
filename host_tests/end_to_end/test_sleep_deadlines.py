"""Each phase of a wake ends within its deadline (docs/power.md, "One wake"), whatever the other side does, and no
reading is lost by that. Sockets and broker are real; the device's time jumps while it waits in vain.
"""

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from host_tests.end_to_end.asleep import HOURS, Asleep, asleep
from host_tests.end_to_end.faulty_line import FaultyLine
from host_tests.end_to_end.proxy import Proxy
from host_tests.end_to_end.time_server import TimeServer, silent
from tools.dev.sleeper import Ended

CONNACK_BYTES = PUBACK_BYTES = 4
PAUSES_S = [300, 600, 1200]  # after each failure twice as long
CLOCK_S, JOIN_S, ANSWER_S, REPORT_S = 5, 20, 8, 60
MOST_READINGS = 40  # that any of these lives takes
WIFI = {"networks": [{"ssid": "Home", "password": "secret99"}]}
RADIO = "from boards.host_radio import equip\nequip(board, {{'air': {!r}}})\n"
WATCHDOG = """
class Watchdog:
    def feed(self):
        print("fed")
board.watchdog = lambda timeout_ms: print("watchdog", timeout_ms) or Watchdog()
"""
# A resolver that blocks the event loop for as long as lwIP's may, and finds `.example` only if there is this file.
DNS_S = 14
DNS = """
import os
import socket as real
class Sockets:
    def __getattr__(self, name):
        return getattr(real, name)
    def getaddrinfo(self, host, *more):
        if host.endswith(".example"):
            try:
                os.stat({path!r})
                host = "127.0.0.1"
            except OSError:
                stalled.jump({dns_ms})
                raise OSError(-2)
        return real.getaddrinfo(host, *more)
sys.modules["socket"] = Sockets()
"""


@dataclass
class Stalling:
    """A device whose broker is behind `proxy`. Its time jumps while the file `silence` exists."""

    device: Asleep
    proxy: Proxy
    silence: Path

    def prepare(self, text: str = "", port: int | None = None, phase: str | None = None):
        """From now on each start runs this, with the board as `board`. The rest: of stalled.py."""
        begin = f"import stalled\nstalled.begin({str(self.silence)!r}, {port}, {phase!r})\nfrom board import board\n"
        path = f"sys.path.append({str(Path(__file__).parent)!r})\n"
        self.device.run_before(path + begin + text, after="print('jumped', stalled.jumped_ms)")

    def wake(self) -> tuple[Ended, float]:
        """Run a wake; returns how it ended, and the seconds that it waited in vain."""
        ended = self.device.wake()
        self.silence.unlink(missing_ok=True)
        return ended, int(ended.output.split("jumped ")[1].split()[0]) / 1000

    def fail(self, words: str, times: int = len(PAUSES_S)) -> list[float]:
        """Wake up until so many reports have failed, after growing pauses; returns how long each waited in vain."""
        device, pauses_s, waited_s = self.device, [], []
        while len(pauses_s) < times:
            assert device.state.packs[0].sequence < MOST_READINGS, "no report failed"
            failed = device.state.failed_reports
            ended, jumped_s = self.wake()
            assert 850 < ended.sleep_s <= 900
            if device.state.failed_reports > failed:
                assert f"report: {words}" in ended.output, ended.output
                waited_s.append(jumped_s)
                pauses_s.append(device.state.pause_ms // 1000)
        assert (pauses_s, device.state.aborted) == (PAUSES_S[:times], 0)
        return waited_s

    def deliver(self):
        """Wake up until a report succeeds; then every reading has arrived, in order."""
        device, taken = self.device, self.device.state.packs[0].sequence
        while device.state.failed_reports:
            assert device.state.packs[0].sequence < MOST_READINGS, "no report succeeds"
            self.wake()
        assert device.sequences() == list(range(1, device.state.packs[0].sequence + 1))
        assert device.state.packs[0].sequence > taken >= 8


@contextlib.contextmanager
def stalling(folder: Path, mqtt: dict | None = None, **config) -> Iterator[Stalling]:
    """Such a device, that was never started. It reports every two hours."""
    power = {"report_s": 2 * HOURS}
    with asleep(folder, power=power, **config) as device, Proxy(device.broker.port) as proxy:
        device.sleeper.configure(device.config_of(power=power, mqtt={"port": proxy.port, **(mqtt or {})}, **config))
        found = Stalling(device, proxy, folder / "silence")
        proxy.on_silence = found.silence.touch
        yield found


def begun(found: Stalling) -> Stalling:
    """After the first report, some wakes before the next one."""
    found.device.begin().wake(4)
    assert found.device.reports() == 1
    return found


@pytest.mark.parametrize(
    ("bytes_back", "words"),
    [
        (None, "timed out: no answer from the broker"),
        (CONNACK_BYTES // 2, "timed out: no answer from the broker"),
        (CONNACK_BYTES, "timed out: no acknowledgement from the broker"),
        (CONNACK_BYTES + PUBACK_BYTES // 2, "timed out: no acknowledgement from the broker"),
        (CONNACK_BYTES + 3 * PUBACK_BYTES, "timed out: no acknowledgement from the broker"),
    ],
    ids=["no CONNACK", "half a CONNACK", "no PUBACK", "half a PUBACK", "no fourth PUBACK"],
)
def test_broker_that_falls_silent(tmp_path, bytes_back, words):
    with stalling(tmp_path) as found:
        begun(found).prepare()
        if bytes_back is None:
            found.proxy.cut()
        else:
            found.proxy.cut_after(bytes_back)
        assert all(0 < waited_s <= ANSWER_S + 0.1 for waited_s in found.fail(words))
        found.proxy.mend()
        found.deliver()


def test_broker_that_is_silent_in_the_handshake_of_tls(tmp_path):
    with stalling(tmp_path, mqtt={"tls": True}) as found:
        found.prepare()
        found.proxy.cut()
        found.device.wake()
        assert all(0 < waited_s <= ANSWER_S + 0.1 for waited_s in found.fail("timed out: no answer"))


def test_broker_that_takes_seconds_for_each_message(tmp_path):
    """Each answer comes in time, all of them together do not."""
    with stalling(tmp_path) as found, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as due:
        due.bind(("127.0.0.1", 0))
        begun(found).prepare(port=due.getsockname()[1])

        def wait_until_due():
            found.silence.touch()
            due.recv(8)

        found.proxy.is_due = wait_until_due
        assert ANSWER_S < found.fail("timed out; next try", times=1)[0] <= REPORT_S + 0.1
        found.proxy.mend()
        found.deliver()


@pytest.mark.parametrize("air", ['{"Home": "silent"}', "{}"], ids=["no address", "no access point"])
def test_wireless_network_that_does_not_take_the_device(tmp_path, air):
    with stalling(tmp_path, wifi=WIFI) as found:
        path = tmp_path / "air.json"
        path.write_text('{"Home": "secret99"}')
        found.prepare(RADIO.format(str(path)), phase="evencell.power.join")
        begun(found)
        path.write_text(air)
        waited_s = found.fail(f"no network within {JOIN_S} s")
        assert all(0 < each <= JOIN_S + 0.1 for each in waited_s)
        path.write_text('{"Home": "secret99"}')
        found.deliver()


def test_time_servers_that_never_answer(tmp_path):
    """The report goes on without the time, and the next ones don't ask again at once."""
    with TimeServer(0, silent) as first, TimeServer(0, silent) as second:
        servers = [first.host, second.host] * 2
        with stalling(tmp_path, time={"servers": servers}) as found:
            found.prepare(phase="evencell.power.time_of_day")
            found.device.wake()
            _, jumped_s = found.wake()
            assert 0 < jumped_s <= CLOCK_S + 0.1
            assert found.device.reports() == 1
            asked = first.asked + second.asked
            found.device.wake(cause="button")
            assert (found.device.reports(), first.asked + second.asked) == (2, asked)


def test_resolver_that_stalls(tmp_path):
    """It can't be interrupted: at most one look-up for the time, and one for the broker."""
    time = {"servers": ["a.example", "b.example", "c.example"]}
    with stalling(tmp_path, mqtt={"host": "broker.example"}, time=time) as found:
        path = tmp_path / "resolved"
        found.prepare(DNS.format(path=str(path), dns_ms=1000 * DNS_S))
        found.device.wake()
        waited_s = found.fail("host not found: broker.example")
        assert waited_s == [2 * DNS_S, DNS_S, DNS_S]
        found.device.wake(8)
        path.touch()
        found.deliver()


@pytest.mark.parametrize(("is_noisy", "limit_s"), [(False, 2.5), (True, 12)], ids=["silent", "noisy"])
def test_balancer_that_does_not_answer(tmp_path, is_noisy, limit_s):
    """A request is repeated once where nothing answers, for 10 s where the line is noisy."""
    noise = bytes(range(1, 200))
    with FaultyLine(lambda send, _heard: send(noise)) as line, stalling(tmp_path) as found:
        begun(found).prepare()
        if is_noisy:
            found.device.sleeper.port = line.path
        else:
            found.device.balancer.is_silent = True
        for misses in (1, 2):
            found.silence.touch()
            ended, jumped_s = found.wake()
            assert 0 < jumped_s <= limit_s
            assert (ended.sleep_s, found.device.state.packs[0].misses) == (900, misses)


def test_watchdog_begins_anew_for_a_report(tmp_path):
    """Reading several packs on a noisy line, and then a report, may take longer than it allows."""
    with asleep(tmp_path) as device:
        device.begin()
        device.run_before(f"from board import board\n{WATCHDOG}")
        assert "fed" not in device.wake().output
        assert "watchdog 120000\nfed\n" in device.wake(cause="button").output
