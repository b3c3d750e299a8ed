"""`evencell run`: the firmware on MicroPython here."""

import os
import signal
from pathlib import Path

import click

from tools import device
from tools.serial_port import open_port


@click.command()
@click.option(
    "--port",
    "ports",
    required=True,
    multiple=True,
    metavar="PATH",
    help="Serial port or pty, such as /dev/ttyUSB0; repeatable: the first is UART 0 in the configuration, the next "
    "UART 1. Blocks in series never share a bus or a ground: each balancer has an isolated adapter of its own.",
)
@click.option("--http", metavar="HOST:PORT", help="Where to serve the page.")
@click.option("--mqtt", metavar="HOST:PORT", help="The broker to publish to.")
@click.option(
    "--config", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The device's config.json."
)
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="What the device's flash would keep.")
@click.option("--profile", type=click.Choice(["full", "display", "telemetry"]))
@click.option(
    "--display",
    metavar="WIDTHxHEIGHT",
    default="128x64",
    show_default=True,
    help="Pixels of the display's picture; with more than 128x64 it has colours.",
)
def run(ports, http, mqtt, config, data, profile, display):
    """The firmware on MicroPython here, until Ctrl-C."""
    check(ports)
    try:
        overrides = device.overrides(http, mqtt, profile)
        picture = device.picture(display)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    command = device.command()
    if not has_terminal():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    port, *more_ports = ports
    environment = device.environment(port, data or device.DEFAULT_DATA, config, overrides, more_ports, picture)
    os.execve(command[0], command, environment)


def check(ports: tuple[str, ...]):
    """Whether each can be opened, and is named once."""
    for port in ports:
        if ports.count(port) > 1:
            raise click.UsageError(f"--port: {port} is given twice; balancers on one bus are told apart by address.")
        open_port(port).close()


def has_terminal() -> bool:
    """Whether there is one to hang up. A service without it would get the serial port for its own, and end with it."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
