"""A fleet from the first connection to the last figure: what `evencell fleet` does once its options are clear."""

import asyncio
import os
import platform
import signal
import time
from contextlib import suppress
from pathlib import Path

import click

from evencell.forward.influx import split_url
from evencell.system.clock import Clock
from tools.fleet_book import Books
from tools.fleet_connection import Connection, Traffic
from tools.fleet_device import Device, Plan
from tools.fleet_load import Load
from tools.fleet_reader import Reader

_SETTLE_S = 90  # a pause of 60 s between two tries, and a batch for the store
_LOOK_S = 0.5


class NoBroker(Exception):
    """There is none to begin with, in one sentence."""


class Log:
    """What the firmware's sender says, of all devices: kept is how much and the last of it."""

    def __init__(self):
        self.warnings = 0
        self.last = ""

    def warning(self, text: str):
        self.warnings += 1
        self.last = text


class Run:
    """A fleet from the first connection to the last figure."""

    def __init__(self, count: int, plan: Plan, reader_login: tuple[str | None, str | None]):
        self._plan = plan
        self._clock = Clock()
        self._traffic = Traffic()
        self._books = Books()
        self._log = Log()
        self._devices = [Device(number, plan, self._traffic, self._clock) for number in range(count)]
        self._books.of = {device.device_id: device.book for device in self._devices}
        self._reader = Reader(plan, self._books, reader_login)
        self._loads = self._watched()
        self._stopped = asyncio.Event()
        self._began_s = self._read_for_s = 0.0

    def _watched(self) -> dict[str, Load]:
        """Servers on this computer whose CPU can be seen."""
        url = self._plan.config["influx"]["url"]
        places = {"broker": self._plan.brokers[:1], "store": [split_url(url)[:2]] if url else []}
        return {name: Load(port) for name, pairs in places.items() for _, port in pairs}

    async def carry_out(self, seconds: float):
        """Run for so long, or until Ctrl-C; then wait for what is under way. Raises NoBroker."""
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._stopped.set)
        tasks = []
        if self._plan.brokers:
            tasks += self._start([self._reader.stay_connected(await self._first_connection())])
            tasks += self._start(device.stay_connected() for device in self._devices)
        if self._plan.config["influx"]["url"]:
            tasks += self._start(device.send_lines(self._log) for device in self._devices)
        self._began_s = time.monotonic()
        delay_s = self._plan.every_s / len(self._devices)
        readers = self._start(device.read_for_ever(delay_s * i) for i, device in enumerate(self._devices))
        await self._wait(seconds, lambda: False)
        self._read_for_s = time.monotonic() - self._began_s
        await _end(readers)
        self._stopped.clear()
        if not self._is_settled():
            click.echo("\nWaiting for what is under way; Ctrl-C ends that too.", err=True)
        await self._wait(_SETTLE_S, self._is_settled)
        await _end(tasks)

    async def _first_connection(self) -> Connection:
        try:
            return await self._reader.start()
        except OSError as error:
            host, port = self._plan.brokers[0]
            raise NoBroker(f"{host}:{port}: {error}.") from None

    def _start(self, coroutines) -> list[asyncio.Task]:
        return [asyncio.create_task(coroutine) for coroutine in coroutines]

    async def _wait(self, seconds: float, is_over):
        """Until the time is over, everything has come, or Ctrl-C."""
        ends_s = time.monotonic() + seconds
        while time.monotonic() < ends_s and not is_over() and not self._stopped.is_set():
            self._look()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), min(_LOOK_S, max(0, ends_s - time.monotonic())))
        self._look()

    def _is_settled(self) -> bool:
        lines = [device.lines.counts()["waiting"] for device in self._devices]
        return not any(lines) and not (self._plan.brokers and self._books.missing)

    def _look(self):
        for load in self._loads.values():
            load.look()
        if os.isatty(2):
            click.echo(f"\r\x1b[K{self._progress()}", err=True, nl=False)

    def _progress(self) -> str:
        passed_s = time.monotonic() - self._began_s
        connected = sum(device.is_connected for device in self._devices)
        heard = self._books.made - self._books.missing
        sent = sum(device.lines.sent for device in self._devices)
        text = f"{passed_s:.0f} s  {connected}/{len(self._devices)} connected  {self._books.made} readings"
        return f"{text}  {heard} heard  {sent} in the store  {self._last_failure()}"

    def _last_failure(self) -> str:
        failures = [device.last_failure for device in self._devices if not device.is_connected and device.last_failure]
        return failures[-1] if failures else self._log.last

    def figures(self) -> dict:
        """All of it, for the table and for --json."""
        devices = self._devices
        counts = [device.lines.counts() for device in devices]
        return {
            "devices": len(devices),
            "every_s": self._plan.every_s,
            "seconds": round(self._read_for_s, 1),
            "machine": f"{os.cpu_count()} cores, {platform.machine()}, {_processor()}",
            "readings": self._books.made,
            "lost": self._books.missing if self._plan.brokers else 0,
            "late_ms_max": round(1000 * max(device.latest_s for device in devices)),
            "mqtt": self._mqtt() if self._plan.brokers else None,
            "store": {key: sum(count[key] for count in counts) for key in ("sent", "waiting", "dropped")},
            "cpu_s": {name: load.cpu_s for name, load in self._loads.items()}
            | {"fleet": round(time.process_time(), 2)},
            "rss_bytes": {name: load.most_rss_bytes for name, load in self._loads.items()},
        }

    def _mqtt(self) -> dict:
        devices, books, sent, read = self._devices, self._books, self._traffic, self._reader.traffic
        return {
            "published": sent.published,
            "acknowledged": sent.acknowledged,
            "heard_as_state": books.states,
            "heard_as_backlog": books.from_backlog,
            "duplicates": books.twice,
            "dropped": sum(device.dropped for device in devices),
            "latency_ms": books.latency_ms(),
            "connects": sum(device.connects for device in devices),
            "connection_failures": sum(device.failures for device in devices),
            "reader_failures": self._reader.failures,
            "device_bytes": sent.bytes_out + sent.bytes_in,
            "device_packets": sent.packets_out + sent.packets_in,
            "reader_bytes": read.bytes_out + read.bytes_in,
            "reader_packets": read.packets_out + read.packets_in,
        }


async def _end(tasks: list[asyncio.Task]):
    """Cancel them until they have ended: Python 3.11's `wait_for` may lose a cancellation. Raises what ended one."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_LOOK_S)
    for task in tasks:
        error = None if task.cancelled() else task.exception()
        if error:
            raise error


def _own_cpu_s() -> float:
    return round(time.process_time(), 2)


def _processor() -> str:
    """The processor's name, where Linux tells it."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(": ")[2]
    return "unknown processor"
