"""`evencell set`: one setting of a balancer, written and verified."""

import asyncio
from dataclasses import dataclass

import click

from evencell.link.diagnosis import REFUSED_WRITE, remedy_of
from evencell.link.exchange import Line
from evencell.link.poller import Poll
from evencell.link.write import UNKNOWN, Written, write
from evencell.pack import settings
from evencell.pack.pack import Pack
from evencell.protocol.jk_settings import MODELS, SETTINGS
from evencell.system.clock import Clock
from tools.asking import ask_until_believed, poll_of, what_is_wrong
from tools.options import address_option, port_option
from tools.serial_port import SerialPort, open_port


@dataclass(frozen=True)
class Wish:
    """What the owner wants set, and what was said of the pack."""

    name: str
    value: int
    model: str
    chemistry: str
    capacity_ah: float
    force: bool

    def judge(self, pack: Pack, clock: Clock):
        """Warn of what speaks against it; raises ClickException where a rule forbids it and nobody insists."""
        status = pack.accepted
        objection = settings.objection(self.name, self.value, status, pack.age_ms(clock), self.chemistry)
        if objection and not self.force:
            raise click.ClickException(f"{objection} Nothing was written; --force insists.")
        warnings = settings.warnings(self.model, self.name, self.value, status, self.capacity_ah)
        for sentence in filter(None, [objection, *warnings]):
            click.echo(f"Warning: {sentence}", err=True)


@click.command("set")
@port_option
@address_option
@click.option("--model", type=click.Choice(list(MODELS)), default="jk_b2a4s", show_default=True, help="Its ranges.")
@click.option(
    "--chemistry",
    type=click.Choice(list(settings.CHEMISTRIES)),
    default="lfp",
    show_default=True,
    help="Of the cells: no switching on beyond their voltages.",
)
@click.option(
    "--capacity-ah",
    type=click.FloatRange(0, 10_000, min_open=True),
    default=20,
    show_default=True,
    help="Of a cell: more than 0.1 C is warned of.",
)
@click.option("--force", is_flag=True, help="Switch balancing on though a rule forbids it.")
@click.argument("name", metavar="NAME", type=click.Choice(list(SETTINGS)))
@click.argument("value")
def set_setting(port, address, model, chemistry, capacity_ah, force, name, value):
    """Set one setting of a balancer, and verify it.

    NAME is cell_count, trigger_mv (mV), max_balance_ma (mA) or balancing_enabled (on or off).
    """
    wish = Wish(name, _number(name, value), model, chemistry, capacity_ah, force)
    refusal = settings.out_of_range(model, name, wish.value)
    if refusal:
        raise click.ClickException(refusal)
    with open_port(port) as serial_port:
        written = asyncio.run(carry_out(wish, serial_port, address))
    click.echo(report(written))


def _number(name: str, text: str) -> int:
    try:
        return settings.parse_value(name, text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="VALUE") from None


async def carry_out(wish: Wish, port: SerialPort, address: int) -> Written:
    """Read, judge, write, verify; raises ClickException unless the value is active in the end."""
    line = Line(port)
    clock = Clock()
    poll = poll_of(line, address, "auto", model=wish.model)
    if await ask_until_believed(line, poll, clock) >= 0 and not poll.pack.sequence:
        poll.diagnosis.contradicted()
    if not poll.pack.sequence:
        raise click.ClickException(f"{port.port}: {what_is_wrong(poll.pack)} Nothing was written.")
    if settings.value_in(wish.name, poll.pack.accepted) != wish.value:
        wish.judge(poll.pack, clock)
    return checked(await write(poll, wish.name, wish.value), poll)


def checked(written: Written, poll: Poll) -> Written:
    """The same where all went well; else raises ClickException."""
    if written.outcome == UNKNOWN:
        raise click.ClickException(f"{written.error} Run the same command again: it reads first.")
    if written.error:
        verdict = f"refused write ({poll.diagnosis.sure})"
        raise click.ClickException(f"{verdict}: {written.error} {remedy_of(REFUSED_WRITE)}")
    return written


def report(written: Written) -> str:
    """What it was, and what it is now."""
    old = settings.value_text(written.setting, written.old)
    if written.old == written.requested:
        return f"{written.setting} is {old} already; nothing was written."
    return f"{written.setting} was {old} and is {settings.value_text(written.setting, written.requested)} now."
