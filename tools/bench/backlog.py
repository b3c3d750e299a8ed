"""Readings lost in an hour without a broker: `python -m tools.bench.backlog --runs 100`, see `tools.bench.fast`.

Each run is the real firmware, simulator and mosquitto. The way to the broker is cut, at once or silently;
at a random moment, during that or during the recovery, the firmware is killed by `kill -9` and started again; then the
broker is back. Every answer of the simulator differs from the one before, so that every reading is due: each run of
the firmware numbers its readings from 1 on, and each number must be received, live or from the backlog.
"""

import contextlib
import json
import os
import random
import signal
import tempfile
import time
import urllib.request
from array import array
from pathlib import Path

import click

from tools.bench.fast import Fast, remove_stale_files
from tools.bench.relay import Relay
from tools.bench.subscriber import Receiver, account
from tools.cli.options import FiniteRange
from tools.dev.demo import free_port, signal_group
from tools.sim.answers import encode_status
from tools.sim.balancer import Reading

_HEAP = "400k"
_MEMORY = "/dev/shm"  # writing to a disk may block
_LEVELS_MV = (3300, 3310, 3320, 3330)
_REQUEST = "55 AA 01 FF 00 00 FF"
_TIMEOUT_S = 300  # of real time: other work may keep this computer busy
_COMES_WITHIN_S = 60  # of real time
_ROOM_KIB = 1024  # the usual room holds 54 minutes of a reading each second; then it is thinned out


class Scene:
    """Simulator, broker, relay, receiver and firmware, `speed` times as fast as life."""

    def __init__(self, folder: Path, running: contextlib.ExitStack, speed: int):
        self.fast = Fast(folder, running, speed)
        self._speed = speed
        self._folder = folder
        self._http_port = free_port(0)  # a usual one may go to another while the firmware is dead
        replies = folder / "replies.json"
        write_replies(replies)
        self._port = self.fast.simulator("--capture", str(replies))
        self.relay = Relay(self.fast.broker())
        running.callback(self.relay.close)
        self.receiver = Receiver(self.fast.broker_port)
        running.callback(self.receiver.stop)
        self.starts_s: list[float] = []  # simulated times at which the firmware started
        self.read: list[int] = []  # for each of these runs, up to which number it had read for sure
        self.start()

    def start(self):
        """Start the firmware (again); its clock goes on a little after where the last one's was."""
        later_s = 3 * len(self.starts_s)
        self.starts_s.append(time.time() + self.fast.ahead_s() + later_s)
        self.read.append(0)
        overrides = {
            "http": {"enabled": True, "host": "127.0.0.1", "port": self._http_port},
            "mqtt": {"enabled": True, "host": "127.0.0.1", "port": self.relay.port, "publish_s": 1, "discovery": False},
            "display": {"driver": "none"},
            "journal": {"max_kib": _ROOM_KIB},
        }
        log = self._folder / f"log{len(self.starts_s)}"
        self._firmware = self.fast.firmware(self._port, overrides, _HEAP, log, later_s)

    def kill(self):
        """`kill -9`, in the middle of whatever it does."""
        signal_group(self._firmware, signal.SIGKILL)
        self._firmware.wait()
        remove_stale_files()

    def pass_s(self, seconds: float):
        """Let so many simulated seconds pass."""
        time.sleep(seconds / self._speed)

    def note(self) -> bool:
        """What was read by now is due, the newest reading perhaps a little later; False while nothing says so."""
        with contextlib.suppress(OSError):
            self.read[-1] = max(0, self.status()["packs"][0]["sequence"] - 1)
            return True
        return False

    def status(self) -> dict:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._http_port}/api/v1/status", timeout=60) as answer:
            return json.loads(answer.read())

    def logs(self) -> str:
        return "".join(path.read_text() for path in sorted(self._folder.glob("log*")))


def write_replies(path: Path):
    """A recording for the simulator, in which each answer differs from the one before: every reading is due."""
    path.write_text(json.dumps([{"request": _REQUEST, "reply": reply(level)} for level in _LEVELS_MV]))


def reply(level_mv: int) -> str:
    """An answer in which every cell has this voltage."""
    reading = Reading(
        pack_mv=4 * level_mv,
        frame_average_mv=level_mv,
        cells_detected=4,
        frame_highest_index=0,
        frame_lowest_index=0,
        balance_raw=0,
        alarms_raw=1,
        frame_delta_mv=0,
        balance_ma=0,
        trigger_mv=5,
        max_balance_ma=2000,
        balancing_raw=1,
        cells_configured=4,
        temperature_raw=23,
        cells_mv=array("H", [level_mv] * 4),
    )
    return encode_status(1, reading).hex(" ")


def play(folder: Path, chance: random.Random, minutes: float, speed: int) -> dict:
    """One run: what was lost of how much, and how it went."""
    with contextlib.ExitStack() as running:
        scene = Scene(folder, running, speed)
        wait_until(lambda: len(scene.receiver.live) > 3, "the first states")
        scene.pass_s(chance.uniform(5, 60))
        unnoticed = chance.random() < 0.5
        outage_s = 60 * minutes
        killed_after_s = chance.uniform(0, 1.5 * outage_s)
        (scene.relay.swallow if unnoticed else scene.relay.cut)()
        scene.pass_s(min(killed_after_s, outage_s))
        if killed_after_s < outage_s:
            kill_and_start(scene, chance)
            scene.pass_s(outage_s - killed_after_s)
            scene.relay.mend()
        else:
            scene.relay.mend()
            wait_until(lambda: scene.receiver.late, "the recovery")
            time.sleep(chance.uniform(0, 1.0))
            kill_and_start(scene, chance)
        wait_until(lambda: is_calm(scene), "the end of the backlog")
        return {"killed_after_s": round(killed_after_s), "unnoticed": unnoticed, **settled(scene)}


def wait_until(ready, what: str):
    """Return once `ready()`; TimeoutError with what it was about if that never happens."""
    deadline = time.monotonic() + _TIMEOUT_S
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.05)


def kill_and_start(scene: Scene, chance: random.Random):
    """Note what was read by now; what is read until the kill a moment later is unknown."""
    wait_until(scene.note, "the page")
    time.sleep(chance.uniform(0, 0.1))
    scene.kill()
    scene.start()


def is_calm(scene: Scene) -> bool:
    """Whether the journal has nothing on the flash."""
    time.sleep(0.3)
    with contextlib.suppress(OSError):
        return scene.status()["device"]["journal"]["bytes"] == 0
    return False


def settled(scene: Scene) -> dict:
    """The judgement, as soon as nothing is missing; what did not come by then never does.

    What the firmware holds is not lost, even if a later reading was received already.
    """
    wait_until(scene.note, "the page")
    deadline = time.monotonic() + _COMES_WITHIN_S
    while (outcome := judged(scene))["lost"] and time.monotonic() < deadline:
        time.sleep(0.05)
    return outcome


def judged(scene: Scene) -> dict:
    """What has been received by now."""
    receiver = scene.receiver
    return {
        **account([*receiver.live], [*receiver.late], scene.starts_s, scene.read),
        "thinned": receiver.thinned,
        "largest_bytes": receiver.largest_bytes,
        "tracebacks": scene.logs().count("Traceback"),
    }


def measure(runs: int = 2, minutes: float = 60, speed: int = 20, seed: int = 1) -> dict:
    """`backlog.lost`: readings lost in so many runs."""
    outcomes = [run(number, minutes, speed, seed) for number in range(runs)]
    return {"backlog.lost": {"value": sum(outcome["lost"] for outcome in outcomes), "unit": "readings"}}


def run(number: int, minutes: float, speed: int, seed: int) -> dict:
    """The run of this number, always the same but for what the machine does to it."""
    memory = _MEMORY if os.path.isdir(_MEMORY) else None
    with tempfile.TemporaryDirectory(prefix="evencell-", dir=memory) as folder:
        return play(Path(folder), random.Random(1000 * seed + number), minutes, speed)


@click.command()
@click.option("--runs", type=int, default=4, show_default=True)
@click.option(
    "--minutes", type=FiniteRange(0, min_open=True), default=60, show_default=True, help="Without a broker, simulated."
)
@click.option("--speed", type=int, default=20, show_default=True, help="Times real time.")
@click.option("--seed", type=int, default=1, show_default=True)
def backlog(runs, minutes, speed, seed):
    """Run so many times, print each as a line of JSON, and the sum at the end."""
    lost = 0
    for number in range(runs):
        outcome = run(number, minutes, speed, seed)
        lost += outcome["lost"] + outcome["false"]
        click.echo(json.dumps(outcome))
    click.echo(json.dumps({"runs": runs, "lost": lost}))


if __name__ == "__main__":
    backlog()
