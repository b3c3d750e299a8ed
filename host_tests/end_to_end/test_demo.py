"""`make run`: everything together from one command, and nothing left behind."""

import fcntl
import json
import re
import signal
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from host_tests.end_to_end import web
from host_tests.end_to_end.chain import CAPTURES, FIXED, FIXED_MV, Simulator, assert_no_traceback
from host_tests.end_to_end.listener import Listener
from host_tests.end_to_end.process import Process, until
from host_tests.needs import need_broker, need_micropython
from tools.build.common import ROOT

WITH_MOSQUITTO = ["-m", "tools.dev.demo"]
# As on a computer where mosquitto is not installed.
WITH_AMQTT = [
    "-c",
    "import sys; from tools.dev import broker, demo; broker.mosquitto = lambda: None; "
    "demo.main(*sys.argv[1:] or [None])",
]


@pytest.fixture(autouse=True)
def alone():
    """Two demos that start at once would both take the usual ports."""
    need_micropython()
    with open(Path(tempfile.gettempdir()) / "evencell-demo-tests.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(params=["mosquitto", "amqtt"])
def how(request) -> list[str]:
    """Arguments of Python for a demo with this broker."""
    if request.param == "mosquitto":
        need_broker()
        return WITH_MOSQUITTO
    return WITH_AMQTT


class Demo(Process):
    """A demo that has said where it is. At its end Ctrl-C must end it well, and all it started."""

    def __init__(self, how: list[str], *arguments):
        super().__init__([sys.executable, *how, *arguments], cwd=ROOT)
        self._family = []

    def __enter__(self):
        self.wait_until_ready(lambda line: "Ctrl-C" in line)
        self.http_port = int(re.search(r"http://127\.0\.0\.1:(\d+)/", self.text())[1])
        self.mqtt_port = int(re.search(r"mosquitto_sub -p (\d+) ", self.text())[1])
        self.remember_family()
        return self

    def __exit__(self, *error):
        self.interrupt()
        assert_no_traceback(self.text())

    def remember_family(self) -> list[psutil.Process]:
        self._family = psutil.Process(self.pid).children(recursive=True)
        return self._family

    def interrupt(self):
        """Ctrl-C; everything of it must end."""
        assert self.stop(signal.SIGINT) == 0, self.text()
        assert "All stopped." in self.text()
        for process in self._family:
            until(lambda process=process: not process.is_running(), f"{process} ended")

    def pack(self) -> dict:
        return web.request(self.http_port, "/api/v1/status").json()["packs"][0]


def test_a_simulated_pack_is_on_page_display_and_mqtt(how):
    with Demo(how) as demo:
        names = " ".join(" ".join(process.cmdline()) for process in demo.remember_family())
        for part in ("sim", "micropython", "amqtt" if how is WITH_AMQTT else "mosquitto"):
            assert part in names
        with Listener(demo.mqtt_port) as listener:
            assert web.request(demo.http_port, "/").status == 200
            assert web.request(demo.http_port, "/api/v1/display").body.startswith(b"P4")
            first = until(lambda: demo.pack() if demo.pack()["sequence"] else None, "a reading")
            until(lambda: demo.pack()["cells_mv"] != first["cells_mv"], "values move")
            assert listener.wait("/availability").payload == "online"
            assert len(listener.wait("/pack1/state").json()["cells_mv"]) == 4


def test_another_port_shows_what_is_there(tmp_path, how):
    """In place of a real balancer the recorded answers of some: their values, and no simulated ones."""
    recorded = [entry for entry in json.loads(CAPTURES.read_text()) if entry["name"] == "4s-idle"]
    file = tmp_path / "recorded.json"
    file.write_text(json.dumps(recorded))
    with Simulator(tmp_path, "--capture", file) as simulator, Demo(how, simulator.link) as demo:
        assert not any("sim" in process.cmdline() for process in demo.remember_family())
        with web.EventStream(demo.http_port) as stream:
            for entry in recorded:
                stream.wait_for(entry["expect"])


def test_a_second_demo_finds_ports_of_its_own(tmp_path):
    need_broker()
    with Simulator(tmp_path, *FIXED) as simulator, Demo(WITH_MOSQUITTO) as first:
        with Demo(WITH_MOSQUITTO, simulator.link) as second:
            assert {first.http_port, first.mqtt_port}.isdisjoint({second.http_port, second.mqtt_port})
            assert until(lambda: second.pack()["cells_mv"], "a reading") == FIXED_MV
        until(lambda: first.pack()["link"] == "online", "a reading")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_it_starts_ends_everything(number):
    demo = Demo(WITH_AMQTT)
    family = until(demo.remember_family, "a first process of its own")
    assert demo.stop(number) == 0
    assert_no_traceback(demo.text())
    for process in family:
        until(lambda process=process: not process.is_running(), f"{process} ended")


def test_a_killed_firmware_ends_the_demo_with_a_sentence():
    demo = Demo(WITH_AMQTT)
    with demo:
        firmware = next(process for process in demo.remember_family() if "main.py" in " ".join(process.cmdline()))
        firmware.kill()
        assert demo.wait() == 1
        assert "ended by itself" in demo.text()
        demo.interrupt = lambda: None


def test_a_port_that_is_not_there_gets_a_sentence(tmp_path):
    with Process([sys.executable, *WITH_MOSQUITTO, tmp_path / "nowhere"], cwd=ROOT) as process:
        assert process.wait() == 1
        assert "there is no such port" in process.text()
        assert len(process.lines) == 1
