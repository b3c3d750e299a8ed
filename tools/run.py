"""`evencell run`: the firmware on MicroPython here."""

import os
import signal
from pathlib import Path

import click

from tools import device
from tools.build import BuildError
from tools.options import port_option
from tools.serial_port import open_port


@click.command()
@port_option
@click.option("--http", metavar="HOST:PORT", help="Where to serve the page.")
@click.option("--mqtt", metavar="HOST:PORT", help="The broker to publish to.")
@click.option(
    "--config", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The device's config.json."
)
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="What the device's flash would keep.")
@click.option("--profile", type=click.Choice(["full", "display", "telemetry"]))
def run(port, http, mqtt, config, data, profile):
    """The firmware on MicroPython here, until Ctrl-C."""
    open_port(port).close()
    try:
        overrides = device.overrides(http, mqtt, profile)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    try:
        command = device.command()
    except BuildError as error:
        raise click.ClickException(str(error)) from None
    if not has_terminal():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.execve(command[0], command, device.environment(port, data or device.DEFAULT_DATA, config, overrides))


def has_terminal() -> bool:
    """Whether there is one to hang up. A service without it would get the serial port for its own, and end with it."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
