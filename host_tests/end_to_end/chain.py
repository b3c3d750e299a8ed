"""The real parts: a simulated balancer on its pty, the firmware on MicroPython, a broker, and all of them together."""

import contextlib
import functools
import json
import os
import subprocess
from pathlib import Path

from host_tests.broker import Broker, free_port
from host_tests.end_to_end import web
from host_tests.end_to_end.process import Process
from host_tests.needs import need_broker, need_micropython
from tools.build.common import tool
from tools.dev import device

EVENCELL = tool("evencell")
CAPTURES = Path(__file__).parents[1] / "captures" / "captures.json"
FIXED_MV = [3301, 3302, 3299, 3300]  # their delta is below the trigger, so nothing moves them
EVERY_SECOND = {"mqtt": {"publish_s": 1}}  # configuration for those who don't want to wait for a state
FIXED = ("--cells", ",".join(map(str, FIXED_MV)))


@functools.cache
def firmware_command(heap: str | None) -> list[str]:
    """How to start the firmware. What it is built from does not change while tests run."""
    return device.command(heap)


class Simulator:
    """`evencell sim` with its link in `folder`; started anew, it takes the same name."""

    def __init__(self, folder: Path, *options):
        self.link = folder / "balancer"
        self._options = options
        self._process = None
        self._held = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()
        self._release()

    def use(self, *options):
        """Take these options at the next start."""
        self._options = options

    def start(self):
        """Returns once it answers."""
        self._process = Process([EVENCELL, "sim", "--link", self.link, *self._options], stdin=subprocess.PIPE)
        self._process.wait_until_ready(f"ready {self.link}".__eq__)
        self._release()

    def switch(self, text: str):
        """Switch a fault on (`+echo`) or off (`-echo`); returns once it is."""
        told = len(self._process.lines)
        self._process.say(text)
        self._process.lines.wait(lambda line: line.startswith("faults"), text, told)

    def kill(self):
        """`kill -9`: its link stays, to a pty that is dead. Holding that keeps its number from being given away."""
        self._release()
        with contextlib.suppress(OSError):
            self._held = os.open(self.link, os.O_RDWR | os.O_NOCTTY)
        self._process.kill()

    def _release(self):
        if self._held is not None:
            os.close(self._held)
            self._held = None


class Firmware:
    """The firmware on MicroPython's unix port, its flash in `folder`.

    `more_ports` are UART 1 and on. `config` is the content of its config.json. With `http` it serves at `http_port`;
    `mqtt` is a broker's port; `heap_kib` limits its heap, `within` is a command that starts it. `radio`: settings of a
    simulated one. At the end its log must show no traceback.
    """

    def __init__(
        self,
        folder: Path,
        port,
        *,
        config=None,
        http: bool = True,
        mqtt: int | None = None,
        tree=None,
        more_ports=(),
        heap_kib: int | None = None,
        within=(),
        radio: dict | None = None,
    ):
        self.data = folder / "flash"
        self.data.mkdir(parents=True)
        if config is not None:
            (self.data / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
        self.http_port = free_port()
        self.overrides = {}
        if http:
            self.overrides["http"] = {"enabled": True, "host": web.LOOPBACK, "port": self.http_port}
        if mqtt:
            self.overrides["mqtt"] = {"enabled": True, "host": web.LOOPBACK, "port": mqtt}
        self._port = str(port)
        self._more_ports = [str(more) for more in more_ports]
        self._ready = "page at" if http else "evencell"
        self._tree = tree
        self._heap = f"{heap_kib}k" if heap_kib else None
        self._within = within
        self._radio = radio
        self._reset_cause = "power"
        self._process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *error):
        self._process.stop()
        if error == (None, None, None):
            assert_no_traceback(self.log())

    def start(self):
        """Returns once the page is there, or the first line of the log where none is served."""
        need_micropython()
        command = [device.micropython(), self._tree / "main.py"] if self._tree else firmware_command(self._heap)
        environment = device.environment(
            self._port,
            self.data,
            overrides=self.overrides,
            more_ports=self._more_ports,
            radio=self._radio,
            reset_cause=self._reset_cause,
        )
        self._reset_cause = "power"
        self._process = Process([*self._within, *command], environment)
        self._process.wait_until_ready(lambda line: self._ready in line)

    def kill(self):
        """`kill -9`."""
        self._process.kill()

    def wait(self) -> int:
        """Wait for its own end; returns the exit status. The next start is one by reset."""
        self._reset_cause = "reset"
        return self._process.wait()

    def stop(self) -> str:
        """End it; returns the whole log."""
        self._process.stop()
        return self.log()

    @property
    def id(self) -> str:
        return (self.data / "id").read_text()

    @property
    def pid(self) -> int:
        return self._process.pid

    def log(self) -> str:
        return self._process.text()

    def wait_for_line(self, part: str) -> str:
        """The first line of the log with this in it."""
        return self._process.lines.wait(lambda line: part in line, f"{part!r} in the log")

    def get(self, path: str) -> web.Answer:
        return web.request(self.http_port, path)

    def status(self) -> dict:
        """The whole answer of /api/v1/status."""
        answer = self.get("/api/v1/status")
        assert answer.status == 200, answer
        return answer.json()

    def mqtt(self) -> dict:
        """What the status says about the broker."""
        return self.status()["device"]["mqtt"]

    def pack(self) -> dict:
        """The status of the first pack."""
        return self.status()["packs"][0]

    def events(self) -> web.EventStream:
        return web.EventStream(self.http_port)

    @property
    def url(self) -> str:
        return f"http://{web.LOOPBACK}:{self.http_port}/"


class Chain(contextlib.ExitStack):
    """Simulator, broker and firmware, with a first reading. `broker=False` leaves the broker out."""

    def __init__(self, folder: Path, *options, config=None, broker: bool = True):
        super().__init__()
        with contextlib.ExitStack() as started:
            self.simulator = started.enter_context(Simulator(folder, *options))
            self.broker = None
            if broker:
                need_broker()
                self.broker = started.enter_context(Broker())
            mqtt = self.broker.port if self.broker else None
            self.firmware = started.enter_context(Firmware(folder, self.simulator.link, config=config, mqtt=mqtt))
            self.firmware.wait_for_line("link online")
            self.push(started.pop_all())


def assert_no_traceback(log: str):
    """A part that failed, or a task that was not awaited, shows itself so."""
    assert "Traceback" not in log, log
    assert " failed\n" not in log, log
