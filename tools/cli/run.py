"""`evencell run`: the firmware on MicroPython on this computer."""

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

import click

from tools.cli import port_lock, progress, sleeping
from tools.cli.options import FiniteRange, named_port
from tools.dev import device, login
from tools.sim.scenarios import SCENARIOS

_PR_SET_PDEATHSIG = 1
_SCENARIO_SPEED = 100


@click.command()
@click.option(
    "--port",
    "ports",
    multiple=True,
    metavar="PATH",
    callback=named_port,
    help="Serial port or pty, such as /dev/ttyUSB0; repeatable: the first is UART 0 in the configuration, the next "
    "UART 1. Blocks in series never share a bus or a ground: each balancer has an isolated adapter of its own.",
)
@click.option("--http", metavar="HOST:PORT", help="Where to serve the page.")
@click.option("--mqtt", metavar="HOST:PORT", help="The broker to publish to.")
@click.option(
    "--config", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The device's config.json."
)
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="Folder for what the device's flash would keep."
)
@click.option("--profile", type=click.Choice(["full", "display", "telemetry"]))
@click.option(
    "--display",
    metavar="WIDTHxHEIGHT",
    default="128x64",
    show_default=True,
    help="Pixels of the display's picture; with more than 128x64 it has colours.",
)
@click.option(
    "--scenario",
    type=click.Choice(list(SCENARIOS)),
    help="Instead of all that: a simulated pack, its balance policy, alarms and rules on one screen. Policy, limits "
    "and rules are those of --config; without it the policy is top. The decisions are the firmware's own, without "
    "MicroPython and serial line.",
)
@click.option(
    "--speed",
    type=FiniteRange(1, 10_000),
    help="Of --scenario (100 by default); or of a device that sleeps: its sleep passes so many times faster, and its "
    "clock with it. So its readings are dated ahead; after a press of the button the page has this computer's time.",
)
def run(ports, http, mqtt, config, data, profile, display, scenario, speed):
    """Run the firmware on this computer's MicroPython, until Ctrl-C."""
    if scenario:
        others = {"port": ports, "http": http, "mqtt": mqtt, "data": data, "profile": profile}
        ignored = [f"--{name}" for name, value in others.items() if value]
        if ignored:
            raise click.UsageError(f"--scenario: it has a simulated pack and no firmware; leave out {ignored[0]}.")
        from tools.cli.scenario import show

        return show(scenario, speed or _SCENARIO_SPEED, config)
    if not ports:
        raise click.UsageError("Missing option '--port'. For a simulated pack name a --scenario.")
    check(ports)
    port_lock.hold(ports)
    progress.show()
    try:
        overrides = device.overrides(http, mqtt, profile)
        if speed:
            overrides["time"] = {"servers": []}  # they would set back a clock that runs faster
        picture = device.picture(display)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    command = device.command()
    if not has_terminal():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    port, *more_ports = ports
    data = data or device.DEFAULT_DATA
    if config is None:
        login.show_first_password(data)
    environment = device.environment(port, data, config, overrides, more_ports, picture)
    try:
        sys.exit(sleeping.live(lambda settings: run_until_exit(command, settings), environment, data, speed or 1))
    except KeyboardInterrupt:
        sys.exit(0)  # it sleeps


def run_until_exit(command: list[str], environment: dict[str, str]) -> int:
    """Run the firmware; returns its exit status. Each signal ends it as Ctrl-C does: it writes what is only in memory.

    It has its own process group: the terminal's Ctrl-C reaches this process alone, which passes it on once.
    """
    firmware = subprocess.Popen(command, env=environment, process_group=0, preexec_fn=_end_with_parent)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN or number != signal.SIGHUP:
            signal.signal(number, lambda *_: firmware.send_signal(signal.SIGINT))
    status = firmware.wait()
    return status if status >= 0 else 128 - status


def _end_with_parent():
    """In the new process: ask Linux for SIGKILL when the parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def check(ports: tuple[str, ...]):
    """Raise a usage error for a port that is named twice."""
    for port in ports:
        if ports.count(port) > 1:
            raise click.UsageError(f"--port: {port} is given twice; balancers on one bus are distinguished by address.")


def has_terminal() -> bool:
    """Whether this process has a terminal. A service without one would get the serial port as its own."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
