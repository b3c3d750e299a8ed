"""Runs a fleet of simulated devices, from the first connection to the figures."""

import asyncio
import os
import platform
import signal
import time
from contextlib import suppress
from pathlib import Path

import click

from evencell.clock.clock import Clock
from evencell.forward.influx.url import split_url
from tools.cli.serial_port import network_reason
from tools.fleet.connection import Connection, Traffic
from tools.fleet.delivery import FleetDelivery
from tools.fleet.device import Device, Plan
from tools.fleet.load import Load
from tools.fleet.reader import Reader

_SETTLE_S = 90  # a pause of 60 s between two tries, and a batch for the store
_POLL_S = 0.5


class NoBroker(Exception):
    """The first connection failed: why, in one sentence."""


class Log:
    """Log of all devices: counts warnings and keeps the last one."""

    def __init__(self):
        self.warnings = 0
        self.last = ""

    def warning(self, text: str):
        self.warnings += 1
        self.last = text


class Run:
    """One run of a fleet of simulated devices."""

    def __init__(self, count: int, plan: Plan, reader_login: tuple[str | None, str | None]):
        self._plan = plan
        self._clock = Clock()
        self._traffic = Traffic()
        self._delivery = FleetDelivery()
        self._log = Log()
        self._devices = [Device(number, plan, self._traffic, self._clock, self._log) for number in range(count)]
        self._delivery.of = {device.device_id: device.delivery for device in self._devices}
        self._reader = Reader(plan, self._delivery, reader_login)
        self._loads = self._watched()
        self._stopped = asyncio.Event()
        self._began_s = self._read_for_s = 0.0

    def _watched(self) -> dict[str, Load]:
        """Servers on this computer whose CPU can be seen."""
        url = self._plan.config["influx"]["url"]
        places = {"broker": self._plan.brokers[:1], "store": [split_url(url)[:2]] if url else []}
        return {name: Load(port) for name, pairs in places.items() for _, port in pairs}

    async def carry_out(self, seconds: float):
        """Run for `seconds` or until Ctrl-C; then wait for what is under way. Raises NoBroker."""
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._stopped.set)
        tasks = []
        if self._plan.brokers:
            tasks += self._start([self._reader.stay_connected(await self._first_connection())])
            tasks += self._start(device.stay_connected() for device in self._devices)
        if self._plan.config["influx"]["url"]:
            tasks += self._start(device.sender.run() for device in self._devices if device.sender)
        self._began_s = time.monotonic()
        delay_s = self._plan.every_s / len(self._devices)
        readers = self._start(device.read_repeatedly(delay_s * i) for i, device in enumerate(self._devices))
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
            raise NoBroker(f"{host}:{port}: {network_reason(error) or error}.") from None

    def _start(self, coroutines) -> list[asyncio.Task]:
        return [asyncio.create_task(coroutine) for coroutine in coroutines]

    async def _wait(self, seconds: float, is_over):
        """Until the time is over, everything has come, or Ctrl-C."""
        ends_s = time.monotonic() + seconds
        while time.monotonic() < ends_s and not is_over() and not self._stopped.is_set():
            self._sample_loads()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), min(_POLL_S, max(0, ends_s - time.monotonic())))
        self._sample_loads()

    def _is_settled(self) -> bool:
        waiting = [device.stored()["waiting"] for device in self._devices]
        return not any(waiting) and not (self._plan.brokers and self._delivery.missing)

    def _sample_loads(self):
        for load in self._loads.values():
            load.sample()
        if os.isatty(2):
            click.echo(f"\r\x1b[K{self._progress()}", err=True, nl=False)

    def _progress(self) -> str:
        passed_s = time.monotonic() - self._began_s
        connected = sum(device.is_connected for device in self._devices)
        received = self._delivery.made - self._delivery.missing
        sent = sum(device.stored()["sent"] for device in self._devices)
        text = f"{passed_s:.0f} s  {connected}/{len(self._devices)} connected  {self._delivery.made} readings"
        return f"{text}  {received} received  {sent} in the store  {self._last_failure()}"

    def _last_failure(self) -> str:
        failures = [device.last_failure for device in self._devices if not device.is_connected and device.last_failure]
        return failures[-1] if failures else self._log.last

    def figures(self) -> dict:
        """All of it, for the table and for --json."""
        devices = self._devices
        counts = [device.stored() for device in devices]
        return {
            "devices": len(devices),
            "every_s": self._plan.every_s,
            "seconds": round(self._read_for_s, 1),
            "machine": f"{os.cpu_count()} cores, {platform.machine()}, {_processor()}",
            "readings": self._delivery.made,
            "lost": self._delivery.missing if self._plan.brokers else 0,
            "late_ms_max": round(1000 * max(device.latest_s for device in devices)),
            "mqtt": self._mqtt() if self._plan.brokers else None,
            "store": {key: sum(count[key] for count in counts) for key in ("sent", "waiting", "dropped")},
            "cpu_s": {name: load.cpu_s for name, load in self._loads.items()}
            | {"fleet": round(time.process_time(), 2)},
            "rss_bytes": {name: load.most_rss_bytes for name, load in self._loads.items()},
        }

    def _mqtt(self) -> dict:
        devices, delivery, sent, read = self._devices, self._delivery, self._traffic, self._reader.traffic
        return {
            "published": sent.published,
            "acknowledged": sent.acknowledged,
            "heard_as_state": delivery.states,
            "heard_as_backlog": delivery.from_backlog,
            "duplicates": delivery.duplicates,
            "dropped": sum(device.dropped for device in devices),
            "latency_ms": delivery.latency_ms(),
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
        _, pending = await asyncio.wait(pending, timeout=_POLL_S)
    for task in tasks:
        error = None if task.cancelled() else task.exception()
        if error:
            raise error


def _own_cpu_s() -> float:
    return round(time.process_time(), 2)


def _processor() -> str:
    """The processor's name, where Linux names it."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(": ")[2]
    return "unknown processor"
