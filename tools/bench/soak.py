"""A long run on a bad line in little time: `python -m tools.bench.soak --hours 24 --speed 20`.

Simulator, broker and firmware run under Debian's `faketime`, which makes their clocks run faster; nothing in them
knows. What the machine's own scheduling costs is made larger as well: at 20 times, 2 ms are 40. So the simulator hands
over whole answers, where a pause between two bytes would end one, and `chrt --rr 5` before the command keeps others
from holding it up.
"""

import contextlib
import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import click
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tools import device
from tools.build import tool
from tools.demo import free_port, listens, start, start_broker, wait_until

_HEAP = "400k"  # little enough to be collected often: what is free just after is the figure
TRUTH_MV = [3301, 3302, 3299, 3300]


class Witness:
    """Hears every state over MQTT, and keeps what was false and how long nothing came."""

    def __init__(self, port: int):
        self.states = self.false = self.longest_gap_s = self.gaps_over_3_s = 0
        self._last_s = None
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._heard
        self._client.connect("127.0.0.1", port, keepalive=3600)
        self._client.subscribe("evencell/+/+/state")
        self._client.loop_start()

    def _heard(self, _client, _data, message):
        status = json.loads(message.payload)
        self.states += 1
        is_true = status["cells_mv"] == TRUTH_MV and not status["alarms"] and status["trigger_mv"] == 5
        self.false += not is_true
        if self._last_s is not None:
            gap_s = status["time"] - self._last_s  # whole seconds: 4 may be 3.1
            self.longest_gap_s = max(self.longest_gap_s, gap_s)
            self.gaps_over_3_s += gap_s > 3
        self._last_s = status["time"]


@click.command()
@click.option("--hours", type=float, default=24, show_default=True, help="Simulated.")
@click.option("--speed", type=int, default=20, show_default=True, help="Times real time.")
@click.option("--fault", default="noise:0.05", show_default=True)
def soak(hours, speed, fault):
    """Run, and print as JSON what was seen over MQTT and what the heap did."""
    faketime = shutil.which("faketime")
    if faketime is None:
        raise click.ClickException("faketime is missing: apt-get install faketime")
    fast = [faketime, "-f", f"+0 x{speed}"]
    with tempfile.TemporaryDirectory(prefix="evencell-") as folder, contextlib.ExitStack() as running:
        http_port, mqtt_port = start_all(Path(folder), running, fast, fault)
        witness = Witness(mqtt_port)
        heap_free = watch_heap(http_port, hours * 3600 / speed)
        status = get_status(http_port)
    click.echo(json.dumps({**vars_of(witness), "heap_free": heap_free, "diagnosis": status["packs"][0]["diagnosis"]}))


def start_all(folder: Path, running: contextlib.ExitStack, fast: list[str], fault: str) -> tuple[int, int]:
    """Start everything; returns the ports of page and broker."""
    port = folder / "balancer"
    cells = ",".join(map(str, TRUTH_MV))
    simulator = [str(tool("evencell")), "sim", "--link", str(port), "--cells", cells, "--fault", fault]
    start(running, [*fast, *simulator, "--packet-ms", "100"], stdout=subprocess.DEVNULL)
    wait_until(port.exists, "the simulated balancer")
    mqtt_port = start_broker(running, folder, fast)
    http_port = free_port(8080)
    overrides = device.overrides(f"127.0.0.1:{http_port}", f"127.0.0.1:{mqtt_port}", None)
    overrides["mqtt"]["publish_s"] = 1
    environment = device.environment(str(port), folder / "data", overrides=overrides)
    start(running, [*fast, *device.command(heap=_HEAP)], env=environment, stdout=subprocess.DEVNULL)
    wait_until(lambda: listens(http_port), "the page")
    return http_port, mqtt_port


def watch_heap(http_port: int, seconds: float) -> list[int]:
    """The most heap that was free in each of 24 equal parts of the run."""
    most = []
    for _ in range(24):
        until = time.monotonic() + seconds / 24
        seen = []
        while time.monotonic() < until:
            seen.append(get_status(http_port)["device"]["heap_free"])
            time.sleep(seconds / 24 / 20)
        most.append(max(seen))
    return most


def get_status(http_port: int) -> dict:
    with urllib.request.urlopen(f"http://127.0.0.1:{http_port}/api/v1/status", timeout=30) as answer:
        return json.load(answer)


def vars_of(witness: Witness) -> dict:
    return {name: value for name, value in vars(witness).items() if not name.startswith("_")}


if __name__ == "__main__":
    soak()
