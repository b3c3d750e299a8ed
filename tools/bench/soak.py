"""Soak test in accelerated time: `python -m tools.bench.soak --hours 24 --speed 30`, see `tools.bench.fast`.

By default on a noisy line: counts false states and gaps over MQTT. With `--rough` each fault of the simulator is
switched on and off, four browsers watch, and the broker is down for two minutes in every hour: reports whether the
heap stays flat and no part is restarted. What counts as false then depends on the faults.
"""

import contextlib
import json
import os
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from random import Random

import click

from tools.bench.fast import TRUTH_MV, Fast
from tools.bench.subscriber import subscribe
from tools.bench.watchers import Stream
from tools.cli.decode import decode_piece
from tools.cli.options import FiniteRange
from tools.dev.demo import listens, wait_until
from tools.sim.answers import encode_status
from tools.sim.balancer import Balancer
from tools.sim.chemistry import CHEMISTRIES
from tools.sim.fault_readings import FaultyReadings
from tools.sim.faults import FAULTS, Faults
from tools.sim.pack import fixed_pack

_HEAP = "320k"  # a quarter more than `full` needs at least (heap.full_64_kib)
_HOURS_KEPT = 24
_STALL_CHECK_S = 0.002
_STALL_S = 0.5  # simulated
_MEMORY = "/dev/shm"  # writing to a disk may block
_BROWSERS = 4
_FAULT_S = 60  # on, and as long off again
_SETTLE_S = 10  # until a changed fault shows in the states
_BROKER_DOWN_S = 120
_BROKER_UP_S = 3480


class Stalls:
    """Records stalls of this computer: `speed` times as long for the firmware, and not its fault."""

    def __init__(self, speed: int):
        self._speed = speed
        self._ends: list[float] = []
        threading.Thread(target=self._watch, daemon=True).start()

    def since(self, seconds: float) -> bool:
        """Whether there was a stall in the last `seconds` of real time."""
        return bool(self._ends) and time.monotonic() - self._ends[-1] < seconds

    def _watch(self):
        while True:
            before = time.monotonic()
            time.sleep(_STALL_CHECK_S)
            if (time.monotonic() - before - _STALL_CHECK_S) * self._speed > _STALL_S:
                self._ends.append(time.monotonic())


class ExpectedFacts:
    """What states must say while these faults are on; facts from up to `settle_s` ago (real time) still count."""

    def __init__(self, *faults: str, settle_s: float):
        self._settle_s = settle_s
        self._facts: list[tuple] = []  # since when, and what
        self.set_faults(*faults)

    def set_faults(self, *faults: str):
        """Only these faults are on from now on."""
        reading = Balancer(fixed_pack(CHEMISTRIES["lfp"], 20, list(TRUTH_MV), Random(1))).reading()
        answer = encode_status(1, FaultyReadings(Faults(faults)).change(reading))
        self._facts.append((time.monotonic(), facts_of(decode_piece(answer, "0.1"))))

    def match(self, status: dict) -> bool:
        """Whether a status received now is right."""
        surely_s = time.monotonic() - self._settle_s
        for since_s, facts in reversed(self._facts):
            if facts == facts_of(status):
                return True
            if since_s <= surely_s:
                break
        return False


def facts_of(status: dict) -> tuple:
    """The fields of a status that noise must never falsify."""
    return status["cells_mv"], status["alarms"], status["trigger_mv"]


class StateChecker:
    """Receives each state over MQTT; counts false ones and gaps.

    `gaps_explained` are those of `gaps_over_3_s` during which this computer stalled.
    """

    def __init__(self, port: int, speed: int, expected: ExpectedFacts):
        self.states = self.false = self.longest_gap_s = self.gaps_over_3_s = self.gaps_explained = 0
        self._speed = speed
        self._expected = expected
        self._stalls = Stalls(speed)
        self._last_s = None
        self._client = subscribe(port, ["evencell/+/+/state"], self._on_message)

    def _on_message(self, message):
        status = json.loads(message.payload)
        self.states += 1
        self.false += not self._expected.match(status)
        if self._last_s is not None:
            gap_s = status["time"] - self._last_s  # whole seconds: 4 may be 3.1
            self.longest_gap_s = max(self.longest_gap_s, gap_s)
            if gap_s > 3:
                self.gaps_over_3_s += 1
                self.gaps_explained += self._stalls.since((gap_s + 1) / self._speed)
        self._last_s = status["time"]


@click.command()
@click.option("--hours", type=FiniteRange(0, min_open=True), default=24, show_default=True, help="Simulated.")
@click.option("--speed", type=int, default=30, show_default=True, help="Times real time.")
@click.option("--fault", default="noise:0.05", show_default=True)
@click.option("--rough", is_flag=True, help="Every fault in turn, browsers, and a broker that comes and goes.")
@click.option("--log", type=click.Path(path_type=Path), help="Keep the firmware's log in this file.")
def soak(hours, speed, fault, rough, log):
    """Run, and print as JSON the states received over MQTT, the free heap and the restarted parts."""
    with (
        tempfile.TemporaryDirectory(prefix="evencell-", dir=_MEMORY if os.path.isdir(_MEMORY) else None) as folder,
        contextlib.ExitStack() as running,
    ):
        fast = Fast(Path(folder), running, speed)
        port = fast.simulator(*([] if rough else ["--fault", fault]))
        expected = ExpectedFacts(*([] if rough else [fault]), settle_s=_SETTLE_S / speed)
        mqtt_port = fast.broker()
        overrides = {"http": {"enabled": True, "host": "127.0.0.1", "port": fast.http_port}}
        overrides["mqtt"] = {"enabled": True, "host": "127.0.0.1", "port": mqtt_port, "publish_s": 1}
        log = log or Path(folder) / "log"
        fast.firmware(port, overrides, heap=_HEAP, log=log)
        wait_until(lambda: listens(fast.http_port), "the page")
        streams = [Stream(fast.http_port, running) for _ in range(_BROWSERS if rough else 0)]
        checker = StateChecker(mqtt_port, speed, expected)
        free: list[int] = []
        watching = threading.Thread(target=watch_heap, args=[fast.http_port, hours * 3600 / speed, free])
        watching.start()
        if rough:
            inject_faults(fast, expected, speed, watching.is_alive)
        watching.join()
        report = {
            **{name: value for name, value in vars(checker).items() if not name.startswith("_")},
            "browsers": [stream.received_bytes for stream in streams],
            "heap_free": free,
            "heap_growth": free[1] - free[-1],
            "restarts": restarts(fast.http_port),
            "tracebacks": log.read_text().count("Traceback"),
            "diagnosis": get(fast.http_port, "/api/v1/status")["packs"][0]["diagnosis"],
        }
    click.echo(json.dumps(report))


def inject_faults(fast: Fast, expected: ExpectedFacts, speed: int, goes_on: Callable[[], bool]):
    """Switch faults on and off, one after the other, and interrupt the broker, until `goes_on()` is false."""
    until_broker_s = _BROKER_UP_S
    for fault in cycle(FAULTS):
        if not goes_on():
            return
        expected.set_faults(fault.example)
        fast.send_to_simulator("+" + fault.example)
        time.sleep(_FAULT_S / speed)
        expected.set_faults()
        fast.send_to_simulator("-" + fault.name)
        time.sleep(_FAULT_S / speed)
        until_broker_s -= 2 * _FAULT_S
        if until_broker_s < 0:
            fast.interrupt_broker(_BROKER_DOWN_S / speed)
            until_broker_s = _BROKER_UP_S


def watch_heap(http_port: int, seconds: float, most: list[int]):
    """Append the most heap that was free in each of 24 parts of the run: what is free just after a collection."""
    for _ in range(_HOURS_KEPT):
        until = time.monotonic() + seconds / _HOURS_KEPT
        seen = []
        while time.monotonic() < until:
            with contextlib.suppress(OSError):  # at this speed a client may exceed the device's timeouts
                seen.append(get(http_port, "/api/v1/status")["device"]["heap_free"])
            time.sleep(seconds / _HOURS_KEPT / 40)
        most.append(max(seen, default=0))  # none: the page did not answer in that part


def get(http_port: int, path: str) -> dict:
    with urllib.request.urlopen(f"http://127.0.0.1:{http_port}{path}", timeout=30) as answer:
        return json.load(answer)


def restarts(http_port: int) -> dict:
    """How often each part was restarted; /healthz has that in its answer 503 too."""
    try:
        return get(http_port, "/healthz")["restarts"]
    except urllib.error.HTTPError as error:
        return json.load(error)["restarts"]


if __name__ == "__main__":
    soak()
