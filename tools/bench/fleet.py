"""`python -m tools.bench.fleet`: a fleet at a real mosquitto and a real VictoriaMetrics, the broker killed in between.

Accounts, access list and settings of the broker are those of docs/fleet/. Writes docs/fleet/figures.json, and from it
docs/fleet-figures.md.
"""

import contextlib
import getpass
import json
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

import click

from tools.build.common import ROOT, tool
from tools.cli.options import FiniteRange
from tools.dev.broker import mosquitto
from tools.dev.demo import free_port, listens, start, stop, wait_until
from tools.dev.system_packages import victoria_metrics
from tools.fleet.device import id_of
from tools.fleet.load import listeners

SETTINGS = ROOT / "docs/fleet"
FIGURES = SETTINGS / "figures.json"
PAGE = ROOT / "docs/fleet-figures.md"

_SEED = 1
_AWAY_S = 10
_MQTT_PORT = 31_883  # no usual port, and no client's: while the broker is dead, no other process may take it
_HTTP_PORT = 31_428
_READER = "reader"
_PASSWORD = "simulated-{id}"
_MANY = 100_000
_PER_DAY = 86_400


class Servers:
    """Broker and store on loopback, their data in `folder`. They end with `running`."""

    def __init__(self, folder: Path, running: contextlib.ExitStack):
        programs = mosquitto(), victoria_metrics()
        if None in programs:
            raise click.ClickException("mosquitto or VictoriaMetrics is missing: make test installs both on Debian.")
        self._mosquitto, self._victoria_metrics = map(str, programs)
        self._folder = folder
        self._running = running
        self.mqtt_port, self.http_port = free_port(_MQTT_PORT), free_port(_HTTP_PORT)

    def start(self, devices: int):
        """Both, with an account for each device."""
        write_accounts(self._folder / "passwd", devices)
        text = broker_settings((SETTINGS / "mosquitto.conf").read_text(), self.mqtt_port, self._folder)
        (self._folder / "mosquitto.conf").write_text(text)
        self.start_broker()
        options = (f"-storageDataPath={self._folder / 'store'}", f"-httpListenAddr=127.0.0.1:{self.http_port}")
        at_once = "-search.latencyOffset=0s"  # else what came in the last 30 s is not shown
        with open(self._folder / "store.log", "w") as log:
            start(self._running, [self._victoria_metrics, *options, at_once], stdout=log, stderr=subprocess.STDOUT)
        wait_until(lambda: listens(self.http_port), "VictoriaMetrics")

    def start_broker(self):
        """Start it, with what it has kept."""
        command = [self._mosquitto, "-c", str(self._folder / "mosquitto.conf")]
        with open(self._folder / "broker.log", "a") as log:
            self._broker = start(self._running, command, stdout=log, stderr=subprocess.STDOUT)
        wait_until(lambda: self._broker.poll() or self._broker.pid in listeners(self.mqtt_port), "mosquitto")
        if self._broker.poll() is not None:
            raise click.ClickException((self._folder / "broker.log").read_text()[-500:])

    def kill_broker(self):
        """`kill -9`: nothing is saved."""
        self._broker.kill()
        self._broker.wait()

    def stored(self) -> dict:
        """Readings in the store, its samples, and its bytes on disk."""
        self._get("/internal/force_flush")
        found = json.loads(self._get("/api/v1/query", query="sum(count_over_time(evencell_pack_mv[1d]))"))
        rows = json.loads(self._get("/api/v1/query", query='sum(count_over_time({device!=""}[1d]))'))
        size = subprocess.run(["du", "-sb", self._folder / "store"], capture_output=True, text=True, check=True)
        return {"readings": value(found), "samples": value(rows), "disk_bytes": int(size.stdout.split()[0])}

    def _get(self, path: str, **query: str) -> bytes:
        address = f"http://127.0.0.1:{self.http_port}{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(address, timeout=60) as answer:
            return answer.read()


def value(answer: dict) -> int:
    """The one number of an answer."""
    return int(float(answer["data"]["result"][0]["value"][1]))


def write_accounts(file: Path, devices: int):
    """What docs/fleet/add_devices.sh does, for many at once; and one for the subscriber."""
    ids = [_READER, *(id_of(_SEED, number) for number in range(devices))]
    file.write_text("".join(f"{name}:{_PASSWORD.replace('{id}', name)}\n" for name in ids))
    subprocess.run(["mosquitto_passwd", "-U", str(file)], check=True)


def broker_settings(text: str, port: int, folder: Path) -> str:
    """The settings of docs/fleet/, on loopback and in `folder`; with those that Debian's own file has."""
    (folder / "acl").write_text((SETTINGS / "acl").read_text())
    text = text.replace("listener 1883", f"listener {port} 127.0.0.1").replace("/etc/mosquitto/evencell", str(folder))
    return f"{text}user {getpass.getuser()}\npersistence true\npersistence_location {folder}/\n"


@click.command()
@click.option("--devices", type=int, default=1000, show_default=True)
@click.option("--minutes", type=FiniteRange(0, min_open=True), default=10, show_default=True)
@click.option("--every-s", type=FiniteRange(0, min_open=True), default=10, show_default=True)
def bench(devices, minutes, every_s):
    """Run a fleet, kill the broker half-way and start it again 10 s later; write figures and page."""
    with tempfile.TemporaryDirectory(prefix="evencell-fleet-") as name, contextlib.ExitStack() as running:
        folder = Path(name)
        servers = Servers(folder, running)
        servers.start(devices)
        fleet = start(running, command(servers, devices, minutes, every_s, folder / "figures.json"))
        time.sleep(60 * minutes / 2)
        servers.kill_broker()
        time.sleep(_AWAY_S)
        servers.start_broker()
        status = fleet.wait()
        figures = json.loads((folder / "figures.json").read_text())
        figures |= {"broker_away_s": _AWAY_S, "exit_status": status, "stored": servers.stored()}
        figures["taken"] = time.strftime("%Y-%m-%d", time.gmtime())
        stop(fleet)
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n")
    PAGE.write_text(page(figures))


def command(servers: Servers, devices: int, minutes: float, every_s: float, file: Path) -> list[str]:
    accounts = ["--user", "{id}", "--password", _PASSWORD]
    reader = ["--reader-user", _READER, "--reader-password", _PASSWORD.replace("{id}", _READER)]
    places = ["--mqtt", f"127.0.0.1:{servers.mqtt_port}", "--influx", f"http://127.0.0.1:{servers.http_port}"]
    how = ["--devices", str(devices), "--minutes", str(minutes), "--every-s", str(every_s), "--seed", str(_SEED)]
    return [str(tool("evencell")), "fleet", *how, *places, *accounts, *reader, "--json", str(file)]


def page(figures: dict) -> str:
    """The whole of docs/fleet-figures.md."""
    measured = "".join(f"| {label} | {text} |\n" for label, text in measured_rows(figures))
    many = "".join(f"| {label} | {text} |\n" for label, text in rows_of_many(figures))
    return _PAGE.format(measured=measured, many=many, machine=figures["machine"], taken=figures["taken"], count=_MANY)


def measured_rows(figures: dict):
    """Label and text of what was measured."""
    mqtt, store, cpu_s, stored = figures["mqtt"], figures["store"], figures["cpu_s"], figures["stored"]
    seconds, latency_ms = figures["seconds"], figures["mqtt"]["latency_ms"]
    yield "simulated devices, one reading each", f"{figures['devices']}, every {figures['every_s']:g} s"
    yield "how long", f"{seconds:.0f} s, the broker dead for {figures['broker_away_s']} s of them"
    yield "readings", figures["readings"]
    yield "**lost between device and subscriber**", f"**{figures['lost']}**"
    yield (
        "received as `state`, in a `backlog`, twice",
        ", ".join(str(mqtt[key]) for key in ("heard_as_state", "heard_as_backlog", "duplicates")),
    )
    yield "connections, tries that failed", f"{mqtt['connects']}, {mqtt['connection_failures']}"
    yield "from publishing to receiving, ms", ", ".join(f"{key} {each:g}" for key, each in latency_ms.items())
    yield "MQTT of all devices", per_s(mqtt["device_packets"], mqtt["device_bytes"], seconds)
    yield "MQTT of the subscriber", per_s(mqtt["reader_packets"], mqtt["reader_bytes"], seconds)
    yield "CPU of mosquitto", cpu(cpu_s["broker"], seconds)
    yield "memory of mosquitto", megabytes(figures["rss_bytes"]["broker"])
    yield "**readings that the store lacks**", f"**{figures['readings'] - stored['readings']}**"
    yield "sent to the store, dropped", f"{store['sent']}, {store['dropped']}"
    yield "samples in the store", f"{stored['samples']}, {stored['samples'] / seconds:.0f} a second"
    yield "CPU of VictoriaMetrics", cpu(cpu_s["store"], seconds)
    yield "memory of VictoriaMetrics", megabytes(figures["rss_bytes"]["store"])
    yield "its disk", f"{stored['disk_bytes'] / stored['samples']:.2f} bytes a sample"
    yield "CPU of the simulated devices and the subscriber", cpu(cpu_s["fleet"], seconds)


def rows_of_many(figures: dict):
    """What the same would be for many devices, if everything grew in proportion."""
    factor = _MANY / figures["devices"]
    mqtt, stored, seconds = figures["mqtt"], figures["stored"], figures["seconds"]
    samples = factor * stored["samples"] / seconds
    disk = samples * stored["disk_bytes"] / stored["samples"] * _PER_DAY
    yield "MQTT into the brokers", per_s(factor * mqtt["device_packets"], factor * mqtt["device_bytes"], seconds)
    yield (
        "MQTT to each subscriber of everything",
        per_s(factor * mqtt["reader_packets"], factor * mqtt["reader_bytes"], seconds),
    )
    yield "open connections", f"{_MANY}"
    yield "cores for brokers like mosquitto", f"{factor * figures['cpu_s']['broker'] / seconds:.1f}"
    yield "memory of the brokers", megabytes(factor * figures["rss_bytes"]["broker"])
    yield (
        "writes to the store",
        f"{factor * figures['readings'] / seconds:.0f} readings, {samples:.0f} samples a second",
    )
    yield "cores for the store", f"{factor * figures['cpu_s']['store'] / seconds:.1f}"
    yield "disk of the store", f"{disk / 1e9:.0f} GB a day, at the bytes a sample of so short a run"


def per_s(packets: float, size: float, seconds: float) -> str:
    return f"{packets / seconds:.0f} packets, {size / seconds / 1000:.1f} kB a second"


def cpu(used_s: float, seconds: float) -> str:
    return f"{used_s:.1f} s, {100 * used_s / seconds:.1f} % of a core"


def megabytes(size: float) -> str:
    return f"{size / 1e6:.0f} MB"


_PAGE = """\
# A fleet, measured

Made by `python -m tools.bench.fleet` from what it has measured; changes belong there.
What the words mean: [fleet.md](fleet.md).

Devices, broker, store and subscriber shared one machine ({machine}) with other work, {taken}, over loopback.
All packs are simulated. mosquitto and VictoriaMetrics are Debian 12's, with the settings, accounts and access list of
[docs/fleet](fleet/). Half-way mosquitto was killed (`kill -9`) and started again.

| | |
|---|---:|
{measured}
The cores were busy with other work, and devices and subscriber shared a process: delays contain their waiting for it.
Bytes are those of MQTT, without TLS, TCP and IP. Each device announced itself to Home Assistant with each connection,
and mosquitto keeps that message: most of its memory, and a good part of the bytes.

## {count} devices

Not measured. It is the table above, times what is more: **if** everything grew in proportion.

| | |
|---|---:|
{many}"""


if __name__ == "__main__":
    bench()
