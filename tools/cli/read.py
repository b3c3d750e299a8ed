"""`evencell read`: one status of a balancer, without a device."""

import asyncio
import json

import click

from evencell.clock.clock import Clock
from evencell.forward.status_json import status_of
from evencell.link.bus import Rs485Bus
from evencell.pack.alarms import names_of
from evencell.pack.pack import Pack
from evencell.pack.status import BALANCE_STATES
from tools.cli.options import address_option, port_option, scale_option
from tools.cli.query import alarm_text, failure_text, no_voltage_text, read_once
from tools.cli.serial_port import open_port


@click.command()
@port_option
@address_option
@scale_option
@click.option("--json", "as_json", is_flag=True, help="All fields, as one JSON object.")
def read(port, address, temperature_scale, as_json):
    """One status, straight from a balancer; no device needed."""
    with open_port(port) as serial_port:
        bus = Rs485Bus(serial_port)
        clock = Clock()
        pack = asyncio.run(read_once(bus, address, temperature_scale, clock))
    if not pack.sequence:
        raise click.ClickException(f"{port}: {failure_text(pack)}")
    click.echo(status_text(pack, clock) if as_json else summary(pack))


def status_text(pack: Pack, clock: Clock) -> str:
    """The status as JSON, made by the firmware's own code."""
    return json.dumps(status_of(pack, clock))


def summary(pack: Pack) -> str:
    """The status in a few lines of text."""
    status = pack.accepted
    lines = [f"{status.pack_mv / 1000:.2f} V, {status.cells_detected} of {status.cells_configured} cells"]
    lines += [f"ALARM {alarm_text(status, name)}" for name in names_of(status.alarms)]
    for cell in range(status.slots):
        voltage = f"{status.cells_mv[cell]:5d} mV" if status.cells_mv[cell] else no_voltage_text(status, cell)
        mark = {status.highest_cell: "  highest", status.lowest_cell: "  lowest"}.get(cell + 1, "")
        lines.append(f"  cell {cell + 1:2d}  {voltage}{mark}")
    lines.append(f"delta {status.delta_mv} mV, trigger {status.trigger_mv} mV")
    lines.append(f"{BALANCE_STATES[status.balance_state].replace('_', ' ')}, {status.balance_ma} mA")
    return "\n".join(lines)
