"""A long run in little time: `python -m tools.bench.soak --hours 24 --speed 30`, see `tools.bench.fast`.

By default on a noisy line, to see whether anything false or nothing at all is heard over MQTT. With `--rough` every
fault of the simulator comes and goes, four browsers watch, and the broker is away for two minutes in every hour: to
see whether the heap stays flat and no part has to be started again. What is false depends on the faults then.
"""

import contextlib
import json
import os
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from random import Random

import click

from tools.bench.fast import TRUTH_MV, Fast
from tools.bench.heard import listener
from tools.bench.watchers import Stream
from tools.decode import decode_piece
from tools.demo import listens, wait_until
from tools.sim.answers import encode_status
from tools.sim.balancer import Balancer
from tools.sim.chemistry import CHEMISTRIES
from tools.sim.fault_readings import FaultyReadings
from tools.sim.faults import FAULTS, Faults
from tools.sim.pack import fixed_pack

_HEAP = "256k"
_HOURS_KEPT = 24
_STALL_LOOK_S = 0.002
_STALL_S = 0.5  # simulated
_MEMORY = "/dev/shm"  # a disk makes whoever writes to it wait
_BROWSERS = 4
_FAULT_S = 60  # on, and as long off again
_UNSURE_S = 10  # until what the simulator was told is read and heard
_BROKER_AWAY_S = 120
_BROKER_THERE_S = 3480


class Stalls:
    """When this computer itself stood still: made `speed` times longer, that is no fault of the firmware's."""

    def __init__(self, speed: int):
        self._speed = speed
        self._ends: list[float] = []
        threading.Thread(target=self._watch, daemon=True).start()

    def since(self, seconds: float) -> bool:
        """Whether there was one in the last so many seconds of real time."""
        return bool(self._ends) and time.monotonic() - self._ends[-1] < seconds

    def _watch(self):
        while True:
            before = time.monotonic()
            time.sleep(_STALL_LOOK_S)
            if (time.monotonic() - before - _STALL_LOOK_S) * self._speed > _STALL_S:
                self._ends.append(time.monotonic())


class Truth:
    """What is true of the balancer, as the faults make it that the simulator was told; what was true until
    `unsure_s` ago (of real time) still counts."""

    def __init__(self, *faults: str, unsure_s: float):
        self._unsure_s = unsure_s
        self._facts: list[tuple] = []  # since when, and what
        self.tell(*faults)

    def tell(self, *faults: str):
        """These faults are on from now on, and no others."""
        reading = Balancer(fixed_pack(CHEMISTRIES["lfp"], 20, list(TRUTH_MV), Random(1))).reading()
        answer = encode_status(1, FaultyReadings(Faults(faults)).change(reading))
        self._facts.append((time.monotonic(), facts_of(decode_piece(answer, "0.1"))))

    def holds(self, status: dict) -> bool:
        """Whether a status that is heard now says what is true."""
        surely_s = time.monotonic() - self._unsure_s
        for since_s, facts in reversed(self._facts):
            if facts == facts_of(status):
                return True
            if since_s <= surely_s:
                break
        return False


def facts_of(status: dict) -> tuple:
    """What noise must never make false."""
    return status["cells_mv"], status["alarms"], status["trigger_mv"]


class Witness:
    """Hears every state over MQTT, and keeps what was false and how long nothing came.

    `gaps_explained` are those of `gaps_over_3_s` during which the computer itself stood still.
    """

    def __init__(self, port: int, speed: int, truth: Truth):
        self.states = self.false = self.longest_gap_s = self.gaps_over_3_s = self.gaps_explained = 0
        self._speed = speed
        self._truth = truth
        self._stalls = Stalls(speed)
        self._last_s = None
        self._client = listener(port, ["evencell/+/+/state"], self._heard)

    def _heard(self, message):
        status = json.loads(message.payload)
        self.states += 1
        self.false += not self._truth.holds(status)
        if self._last_s is not None:
            gap_s = status["time"] - self._last_s  # whole seconds: 4 may be 3.1
            self.longest_gap_s = max(self.longest_gap_s, gap_s)
            if gap_s > 3:
                self.gaps_over_3_s += 1
                self.gaps_explained += self._stalls.since((gap_s + 1) / self._speed)
        self._last_s = status["time"]


@click.command()
@click.option("--hours", type=float, default=24, show_default=True, help="Simulated.")
@click.option("--speed", type=int, default=30, show_default=True, help="Times real time.")
@click.option("--fault", default="noise:0.05", show_default=True)
@click.option("--rough", is_flag=True, help="Every fault in turn, browsers, and a broker that comes and goes.")
def soak(hours, speed, fault, rough):
    """Run, and print as JSON what was heard over MQTT, what the heap did and which parts were started again."""
    with (
        tempfile.TemporaryDirectory(prefix="evencell-", dir=_MEMORY if os.path.isdir(_MEMORY) else None) as folder,
        contextlib.ExitStack() as running,
    ):
        fast = Fast(Path(folder), running, speed)
        port = fast.simulator(*([] if rough else ["--fault", fault]))
        truth = Truth(*([] if rough else [fault]), unsure_s=_UNSURE_S / speed)
        mqtt_port = fast.broker()
        overrides = {"http": {"enabled": True, "host": "127.0.0.1", "port": fast.http_port}}
        overrides["mqtt"] = {"enabled": True, "host": "127.0.0.1", "port": mqtt_port, "publish_s": 1}
        log = Path(folder) / "log"
        fast.firmware(port, overrides, heap=_HEAP, log=log)
        wait_until(lambda: listens(fast.http_port), "the page")
        streams = [Stream(fast.http_port, running) for _ in range(_BROWSERS if rough else 0)]
        witness = Witness(mqtt_port, speed, truth)
        free: list[int] = []
        watching = threading.Thread(target=watch_heap, args=[fast.http_port, hours * 3600 / speed, free])
        watching.start()
        if rough:
            trouble(fast, truth, speed, watching.is_alive)
        watching.join()
        report = {
            **{name: value for name, value in vars(witness).items() if not name.startswith("_")},
            "browsers": [stream.received_bytes for stream in streams],
            "heap_free": free,
            "heap_growth": free[1] - free[-1],
            "restarts": get(fast.http_port, "/healthz")["restarts"],
            "tracebacks": log.read_text().count("Traceback"),
            "diagnosis": get(fast.http_port, "/api/v1/status")["packs"][0]["diagnosis"],
        }
    click.echo(json.dumps(report))


def trouble(fast: Fast, truth: Truth, speed: int, goes_on: Callable[[], bool]):
    """Faults one after the other, and a broker that is away now and then, while the run goes on."""
    until_broker_s = _BROKER_THERE_S
    for fault in cycle(FAULTS):
        if not goes_on():
            return
        truth.tell(fault.example)
        fast.tell_simulator("+" + fault.example)
        time.sleep(_FAULT_S / speed)
        truth.tell()
        fast.tell_simulator("-" + fault.name)
        time.sleep(_FAULT_S / speed)
        until_broker_s -= 2 * _FAULT_S
        if until_broker_s < 0:
            fast.broker_is_away(_BROKER_AWAY_S / speed)
            until_broker_s = _BROKER_THERE_S


def watch_heap(http_port: int, seconds: float, most: list[int]):
    """Append the most heap that was free in each of 24 parts of the run: what is free just after a collection."""
    for _ in range(_HOURS_KEPT):
        until = time.monotonic() + seconds / _HOURS_KEPT
        seen = []
        while time.monotonic() < until:
            with contextlib.suppress(OSError):  # at this pace a client may be too slow for the device's patience
                seen.append(get(http_port, "/api/v1/status")["device"]["heap_free"])
            time.sleep(seconds / _HOURS_KEPT / 40)
        most.append(max(seen))


def get(http_port: int, path: str) -> dict:
    with urllib.request.urlopen(f"http://127.0.0.1:{http_port}{path}", timeout=30) as answer:
        return json.load(answer)


if __name__ == "__main__":
    soak()
