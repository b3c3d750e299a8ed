"""`evencell capture`: raw frames into a file, for the protocol's open questions."""

import asyncio
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import click

from evencell.link.bus import Rs485Bus
from evencell.protocol.jk_balancer import read_request
from tools.cli.options import FiniteRange, address_option, port_option
from tools.cli.query import TIMEOUT_MS
from tools.cli.serial_port import open_port


class RecordingPort:
    """A port that keeps what was sent and received."""

    direction = None

    def __init__(self, port):
        self._port = port
        self.sent = bytearray()
        self.received = bytearray()

    def write(self, data):
        self.sent += data
        self._port.write(data)

    def readinto(self, buffer) -> int:
        count = self._port.readinto(buffer) or 0
        self.received += buffer[:count]
        return count


@click.command()
@port_option
@address_option
@click.option("--count", type=click.IntRange(1, 10_000), default=10, show_default=True, help="How many polls.")
@click.option("--interval", type=FiniteRange(0, 3600), default=1, show_default=True, help="Seconds between them.")
@click.option("--note", default="", help="Model, hardware version, what the pack was doing, what the app showed.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def capture(port, address, count, interval, note, file):
    """Record raw answers into FILE, with time and note. Each call appends to FILE."""
    entries = load(file)
    if not os.access(file.parent, os.W_OK):
        raise click.ClickException(f"{file} can't be written: {file.parent} is no folder that you may write to.")
    known = len(entries)

    def keep(entry: dict):
        entries.append({"name": f"{file.stem}-{len(entries) + 1}", "origin": note, **entry})

    answers = []
    try:
        with open_port(port) as serial_port, suppress(KeyboardInterrupt):
            asyncio.run(record(serial_port, address, count, interval, keep, answers.append))
    finally:  # keep the entries, whatever ended it
        if len(entries) > known:
            save(file, entries)
    summary = f"{file}: {len(entries)} entries."
    if not answers:
        raise click.ClickException(
            f"{summary} No answer came this time. What is wrong with the line: evencell diagnose --port {port}"
        )
    click.echo(f"{summary} To send it in: see CONTRIBUTING.md")


async def record(
    port,
    address: int,
    count: int,
    interval_s: float,
    keep: Callable[[dict], None],
    answered: Callable[[int], None],
):
    """Poll `count` times; each entry has all received bytes. `answered` gets the number of each with an answer."""
    for number in range(count):
        if number:
            await asyncio.sleep(interval_s)
        recording = RecordingPort(port)
        at = await Rs485Bus(recording).query(read_request(address), TIMEOUT_MS)
        click.echo(
            f"{number + 1}/{count}: {len(recording.received)} bytes{'' if at >= 0 else ', no answer among them'}"
        )
        if at >= 0:
            answered(number)
        keep(
            {
                "kind": "recorded",
                "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "request": hex_text(recording.sent),
                "reply": hex_text(recording.received),
            }
        )


def hex_text(data: bytes | bytearray) -> str:
    return bytes(data).hex(" ").upper()


def load(file: Path) -> list[dict]:
    """Entries of an earlier capture; raises ClickException if the file is something else."""
    if not file.exists():
        return []
    try:
        entries = json.loads(file.read_text())
    except (OSError, ValueError, RecursionError):
        entries = None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) and "reply" in entry for entry in entries):
        raise click.ClickException(f"{file} is there already and is no capture. Choose another name.")
    return entries


def save(file: Path, entries: list[dict]):
    """Replace the file in one step."""
    new = file.with_name(file.name + ".new")
    try:
        new.write_text(json.dumps(entries, indent=1) + "\n")
        os.replace(new, file)
    except OSError as error:
        raise click.ClickException(f"{file} can't be written: {error.strerror}.") from None
