"""The command `evencell`."""

import click

from evencell import __version__
from tools.boards import boards
from tools.capture import capture
from tools.console import console
from tools.decode import decode
from tools.diagnose import diagnose
from tools.fleet import fleet
from tools.read import read
from tools.run import run
from tools.screens.command import screens
from tools.set import set_setting
from tools.sim.command import sim
from tools.watch import watch


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main():
    """Firmware and tools for an ESP32 beside a Jikong active balancer.

    evencell is not a BMS. It disconnects nothing.
    """


for command in (boards, capture, console, decode, diagnose, fleet, read, run, screens, set_setting, sim, watch):
    main.add_command(command)
