"""`evencell set`: one setting of a balancer, written and verified."""

import asyncio
import sys
from dataclasses import dataclass

import click

from evencell.clock.clock import Clock
from evencell.link.bus import Rs485Bus
from evencell.link.diagnosis import REFUSED_WRITE, remedy_of
from evencell.link.poller import Poll
from evencell.link.writer import CHANGED, UNKNOWN, Written, write_verified
from evencell.pack import settings
from evencell.pack.limits import CHEMISTRIES
from evencell.pack.pack import Pack
from evencell.pack.settings import CommandError
from evencell.protocol.jk_settings import MODELS, SETTINGS
from tools.cli.options import FiniteRange, address_option, port_option
from tools.cli.query import failure_text, make_cli_poll, query_until_accepted
from tools.cli.serial_port import SerialPort, open_port


@dataclass(frozen=True)
class Command:
    """A validated value for a setting, and the owner's description of the pack."""

    name: str
    value: int
    model: str
    chemistry: str
    capacity_ah: float
    force: bool
    is_confirmed: bool

    def check(self, pack: Pack, clock: Clock) -> list[str]:
        """Warnings about the write; raises CommandError if a rule forbids it. With --force that is a warning."""
        status = pack.accepted
        warnings = settings.warnings(self.model, self.name, self.value, status, self.capacity_ah)
        try:
            settings.check_switch_on(self.name, self.value, status, pack.age_ms(clock), self.chemistry)
        except CommandError as error:
            if not self.force:
                raise CommandError(f"{error} Nothing was written; --force insists.") from None
            warnings.insert(0, str(error))
        return warnings


@click.command("set")
@port_option
@address_option
@click.option("--model", type=click.Choice(list(MODELS)), default="jk_b2a4s", show_default=True, help="Its ranges.")
@click.option(
    "--chemistry",
    type=click.Choice(list(CHEMISTRIES)),
    default="lfp",
    show_default=True,
    help="Of the cells: no switching on beyond their voltages.",
)
@click.option(
    "--capacity-ah",
    type=FiniteRange(0, 10_000, min_open=True),
    default=20,
    show_default=True,
    help="Of a cell: a warning above 0.1 C.",
)
@click.option("--force", is_flag=True, help="Switch balancing on though a rule forbids it.")
@click.option("--yes", is_flag=True, help="Write without asking, for scripts.")
@click.argument("name", metavar="NAME", type=click.Choice(list(SETTINGS)))
@click.argument("value")
def set_setting(port, address, model, chemistry, capacity_ah, force, yes, name, value):
    """Set one setting of a balancer, and verify it. Asks before it writes.

    NAME is cell_count, trigger_mv (mV), max_balance_ma (mA) or balancing_enabled (on or off).
    """
    command = Command(name, parse_value(name, value), model, chemistry, capacity_ah, force, yes)
    try:
        settings.check_range(model, name, command.value)
        if not yes and not sys.stdin.isatty():
            raise CommandError(
                "There is no terminal to ask at before it writes: add --yes to write without being asked."
            )
        with open_port(port) as serial_port:
            written = execute(command, serial_port, address)
    except CommandError as error:
        raise click.ClickException(str(error)) from None
    click.echo(result_text(written))


def parse_value(name: str, text: str) -> int:
    """The value that `text` means; raises a usage error."""
    try:
        return settings.parse_value(name, text)
    except CommandError as error:
        raise click.BadParameter(str(error), param_hint="VALUE") from None


def execute(command: Command, port: SerialPort, address: int) -> Written:
    """Read, check, ask, check again, write, verify; raises CommandError unless the value is active in the end.

    No event loop runs while the owner is asked: it would handle Ctrl-C itself, and the terminal would wait on.
    """
    bus = Rs485Bus(port)
    clock = Clock()
    poll = make_cli_poll(bus, address, "auto", model=command.model)
    asyncio.run(read(poll, bus, clock, port))
    old = settings.value_in(command.name, poll.pack.accepted)
    if old != command.value:
        for sentence in command.check(poll.pack, clock):
            click.echo(f"Warning: {sentence}", err=True)
        if not command.is_confirmed:
            confirm(command, old, port)
            asyncio.run(read(poll, bus, clock, port))  # the pack may have changed meanwhile
            command.check(poll.pack, clock)
    written = asyncio.run(write_verified(poll, command.name, command.value))
    check_result(written, poll)
    return written


async def read(poll: Poll, bus: Rs485Bus, clock: Clock, port: SerialPort):
    """Take a fresh reading; raises CommandError without one."""
    sequence = poll.pack.sequence
    if await query_until_accepted(bus, poll, clock) >= 0 and poll.pack.sequence == sequence:
        poll.diagnosis.record_implausible()
    if poll.pack.sequence == sequence:
        raise CommandError(f"{port.port}: {failure_text(poll.pack)} Nothing was written.")


def confirm(command: Command, old: int, port: SerialPort):
    """Ask the owner; raises CommandError without a yes."""
    old_text = settings.value_text(command.name, old)
    change = f"{command.name} from {old_text} to {settings.value_text(command.name, command.value)}"
    click.echo(
        "evencell never wrote to a real balancer yet: its reaction to a write is known from documents alone.",
        err=True,
    )
    try:
        is_wanted = click.confirm(f"Set {change} on the balancer at {port.port}?", err=True)
    except click.Abort:  # Ctrl-C or Ctrl-D
        click.echo(err=True)
        is_wanted = False
    if not is_wanted:
        raise CommandError("Nothing was written.")


def check_result(written: Written, poll: Poll):
    """Raise CommandError unless the value is active."""
    if written.outcome == UNKNOWN:
        raise CommandError(f"{written.error} Run the same command again: it reads first.")
    if written.outcome == CHANGED:
        raise CommandError(written.error)
    if written.error:
        verdict = f"refused write ({poll.diagnosis.sure})"
        raise CommandError(f"{verdict}: {written.error} {remedy_of(REFUSED_WRITE)}")


def result_text(written: Written) -> str:
    """The values before and now, in a sentence."""
    old = settings.value_text(written.setting, written.old)
    if written.old == written.requested:
        return f"{written.setting} is {old} already; nothing was written."
    return f"{written.setting} was {old} and is {settings.value_text(written.setting, written.requested)} now."
