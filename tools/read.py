"""`evencell read`: one status, straight from a balancer."""

import asyncio
import json

import click

from evencell.forward.status_json import status_of
from evencell.link.exchange import Line
from evencell.pack.pack import Pack
from evencell.pack.status import BALANCE_STATES
from evencell.system.clock import Clock
from tools.asking import ask_once, what_is_wrong
from tools.options import address_option, port_option, scale_option
from tools.serial_port import open_port


@click.command()
@port_option
@address_option
@scale_option
@click.option("--json", "as_json", is_flag=True, help="All fields, as one JSON object.")
def read(port, address, temperature_scale, as_json):
    """One status, straight from a balancer; no device needed."""
    with open_port(port) as serial_port:
        line = Line(serial_port)
        clock = Clock()
        pack = asyncio.run(ask_once(line, address, temperature_scale, clock))
    if not pack.sequence:
        raise click.ClickException(f"{port}: {what_is_wrong(pack)}")
    click.echo(status_text(pack, clock) if as_json else summary(pack))


def status_text(pack: Pack, clock: Clock) -> str:
    """The status as JSON, written by the firmware's own code."""
    return json.dumps(status_of(pack, clock))


def summary(pack: Pack) -> str:
    """The status in a few lines for people."""
    status = pack.accepted
    lines = [f"{status.pack_mv / 1000:.2f} V, {status.cells_detected} of {status.cells_configured} cells"]
    for cell in range(status.slots):
        voltage = f"{status.cells_mv[cell]:5d} mV" if status.cells_mv[cell] else "not connected"
        mark = {status.highest_cell: "  highest", status.lowest_cell: "  lowest"}.get(cell + 1, "")
        lines.append(f"  cell {cell + 1:2d}  {voltage}{mark}")
    lines.append(f"delta {status.delta_mv} mV, trigger {status.trigger_mv} mV")
    lines.append(f"{BALANCE_STATES[status.balance_state].replace('_', ' ')}, {status.balance_ma} mA")
    return "\n".join(lines)
