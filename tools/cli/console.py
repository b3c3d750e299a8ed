"""`evencell console`: the output of a device, live. Nothing is sent to the device."""

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import click

from tools.build import names as table
from tools.cli import traceback
from tools.cli.options import port_option
from tools.cli.serial_port import PortError, SerialPort, open_port

_SILENT_AFTER_S = 10
BAUD = 115200  # of MicroPython's console on a UART; a chip with USB of its own has none
_RETRY_S = 0.3


@click.command()
@port_option
@traceback.names_option
def console(port, names):
    """The output of a device, live. Ctrl-C ends it, and the device runs on.

    Tracebacks get the names of the sources where names.txt of a build is there.
    """
    path = names or table.newest()
    take = with_names(path) if path else show
    opened = open_console(port)
    with suppress(KeyboardInterrupt):
        click.echo(f"-- {port} is open; waiting for what the device prints. Ctrl-C ends this.", err=True)
        while True:
            copy(opened, take, lambda: click.echo(_silence_text(port), err=True))
            click.echo(f"-- {port} is gone. Waiting for it; Ctrl-C ends that.", err=True)
            opened = wait_for(port)
            click.echo(f"-- {port} is back.", err=True)


def open_console(port: str) -> SerialPort:
    """Open the port without resetting the board; raises PortError.

    On most boards RTS without DTR resets the chip, and DTR without RTS chooses its boot loader. Linux asserts both when
    it opens the port. RTS goes first, as in Espressif's own monitor (esp_idf_monitor, serial_reader.py).
    """
    opened = open_port(port, BAUD, timeout_s=1)
    with suppress(OSError):  # a pty has no such lines
        opened.rts = False
        opened.dtr = False
    return opened


def copy(
    opened: SerialPort,
    take: Callable[[bytes], None],
    on_silence: Callable[[], object] | None,
    silent_after_s: float = _SILENT_AFTER_S,
):
    """Pass on received bytes until the port vanishes, and empty ones when none came for a while; closes it. Calls
    `on_silence` once if none come at first."""
    opened_s = time.monotonic()
    with opened, suppress(OSError):
        while True:
            data = opened.read(opened.in_waiting or 1)
            take(data)
            if data:
                on_silence = None
            elif on_silence and time.monotonic() - opened_s >= silent_after_s:
                on_silence()
                on_silence = None


def _silence_text(port: str) -> str:
    return (
        f"-- Nothing came in {_SILENT_AFTER_S} s. Press RESET on the board. Still nothing: is {port} the board's port "
        "and not the balancer's, does the cable carry data, is evencell on the board?"
    )


def with_names(path: Path) -> Callable[[bytes], None]:
    """A function that shows bytes with the names of the sources in tracebacks; raises a usage error."""
    known = traceback.read(path)
    click.echo(f"-- names in tracebacks are those of evencell {known.version} in {path}.", err=True)
    stream = traceback.Stream(known)
    return lambda data: show(stream.feed(data))


def show(data: bytes):
    """Write bytes as they are: a terminal's text."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def wait_for(port: str) -> SerialPort:
    """Wait until the port can be opened again, and open it."""
    while True:
        with suppress(PortError):
            return open_console(port)
        time.sleep(_RETRY_S)
