"""`evencell console`: what a device prints, live. Nothing is ever sent to it, so it runs on undisturbed."""

import sys
import time
from collections.abc import Callable
from contextlib import suppress

import click

from tools.options import port_option
from tools.serial_port import PortError, SerialPort, open_port

BAUD = 115200  # of MicroPython's console on a UART; a chip with USB of its own has none
_LOOK_EVERY_S = 0.3


@click.command()
@port_option
def console(port):
    """What a device prints, live; Ctrl-C ends it, and the device runs on."""
    opened = open_console(port)
    with suppress(KeyboardInterrupt):
        while True:
            copy(opened, show)
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


def copy(opened: SerialPort, take: Callable[[bytes], None]):
    """Hand over what comes, until the port is gone; closes it."""
    with opened, suppress(OSError):
        while True:
            take(opened.read(opened.in_waiting or 1))


def show(data: bytes):
    """As it came: it is a terminal's text."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def wait_for(port: str) -> SerialPort:
    """The port, as soon as it can be opened again."""
    while True:
        with suppress(PortError):
            return open_console(port)
        time.sleep(_LOOK_EVERY_S)
