"""A device that sleeps with a scripted balancer and a real broker, for the tests of whole lives."""

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

from evencell.power.state import WakeState
from host_tests.broker import Broker
from host_tests.end_to_end.chain import assert_no_traceback
from host_tests.end_to_end.listener import Listener
from host_tests.needs import need_broker, need_micropython
from tools.build.tree import build
from tools.dev.scripted_balancer import ScriptedBalancer
from tools.dev.sleeper import Ended, Sleeper

NOON_S = 1_800_000_000
MINUTES = 60
HOURS = 3600


class Asleep:
    """`wake()` runs a wake and lets its sleep pass. `power` is that section of the configuration."""

    def __init__(self, folder: Path, broker: Broker, balancer: ScriptedBalancer, listener: Listener, **config):
        self.balancer, self.broker, self.listener = balancer, broker, listener
        self.sleeper = Sleeper(folder, balancer.port, self.config_of(**config), NOON_S)
        self.output = ""

    def config_of(self, power=None, mqtt=None, **config) -> dict:
        power = {"interval_s": 900, "max_interval_s": 900, "report_s": 6 * HOURS, "awake_s": 0, **(power or {})}
        mqtt = {"enabled": True, "host": "127.0.0.1", "port": self.broker.port, **(mqtt or {})}
        return {"profile": "telemetry", "time": {"servers": []}, "power": power, "mqtt": mqtt, **config}

    def run_before(self, text: str, after: str = "pass"):
        """From now on each start runs this before the wake, and `after` when that ends."""
        main = self.sleeper.folder / "main.py"
        path = f"import sys\nsys.path.insert(0, {str(build('host'))!r})\n"
        start = "from board import board\nfrom evencell.power.wake import main\n"
        main.write_text(f"{path}{text}{start}try:\n    main(board)\nfinally:\n    {after}\n")
        self.sleeper.command = [need_micropython(), str(main)]

    def start_broker(self):
        """Start it again; returns once the listener is back, too."""
        self.broker.start()
        self.listener.wait_until_back()

    def begin(self) -> "Asleep":
        """Two starts, which note that the device sleeps and what its wakes need, and the first wake, which reports."""
        self.wake(3)
        return self

    def wake(self, times: int = 1, cause: str = "timer") -> Ended:
        for _ in range(times):
            ended = self.sleeper.wake(cause)
            self.output += ended.output
            assert_no_traceback(ended.output)
            assert ended.sleep_s is not None, ended
        return ended

    def start_again(self, reset_cause: str = "reset") -> Ended:
        """A start that is no wake, and the wake that follows it."""
        self.sleeper.reset_cause = reset_cause
        return self.wake(2)

    @property
    def state(self) -> WakeState:
        """What RTC memory holds."""
        state = WakeState(bytearray((self.sleeper.folder / "rtc").read_bytes()))
        assert state.load()
        return state

    @property
    def id(self) -> str:
        return (self.sleeper.folder / "id").read_text()

    def reports(self) -> int:
        """How many reports have begun. The broker passes on in order what it has acknowledged."""
        self.sync()
        return len(self.listener.payloads("/availability"))

    def sync(self):
        """Wait until the listener has all that the broker has."""
        marker = str(time.monotonic_ns())
        self.listener.say("evencell/marker", marker)
        self.listener.wait("evencell/marker", marker)

    def readings(self) -> list[dict]:
        """Every reading that arrived, in its order: backlogs and states."""
        self.sync()
        found = []
        for message in self.listener.messages:
            if message.topic.endswith("/backlog"):
                found += message.json()
            elif message.topic.endswith("/state"):
                found.append(message.json())
        return found

    def sequences(self) -> list[int]:
        """Their numbers, each once."""
        return list(dict.fromkeys(reading["sequence"] for reading in self.readings()))

    def events(self) -> list[tuple]:
        """Type, name and value of each event."""
        self.sync()
        events = [json.loads(payload) for payload in self.listener.payloads("/event")]
        return [(event["type"], event["name"], event["value"]) for event in events]


@contextlib.contextmanager
def asleep(folder: Path, **config) -> Iterator[Asleep]:
    """A device that was never started."""
    need_micropython()
    need_broker()
    options = ("allow_anonymous true", "persistence true", "max_queued_messages 0")
    with Broker(*options) as broker, ScriptedBalancer() as balancer, Listener(broker.port) as listener:
        yield Asleep(folder / "device", broker, balancer, listener, **config)
