"""What the options of `evencell sim` take, and the one sentence about what they don't."""

import click

from evencell.protocol.jk_balancer import CELL_SLOTS
from tools.sim.fault_table import FAULTS
from tools.sim.faults import FaultError, parse

_FEWEST_CELLS = 2
_HIGHEST_CELL_MV = 5000


class UsageSentence(click.ClickException):
    """One sentence about a wrong option, and exit status 2."""

    exit_code = 2


class CellsMv(click.ParamType):
    """2 to 24 voltages in mV, separated by commas, as a list of integers."""

    name = "millivolts"

    def convert(self, value, param, ctx) -> list[int]:  # noqa: ARG002 (click's signature)
        cells_mv = [_cell_mv(text.strip()) for text in value.split(",")]
        if not _FEWEST_CELLS <= len(cells_mv) <= CELL_SLOTS:
            raise UsageSentence(f"--cells: {len(cells_mv)} given, {_FEWEST_CELLS} to {CELL_SLOTS} cells are possible")
        return cells_mv


def _cell_mv(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= _HIGHEST_CELL_MV):
        raise UsageSentence(f"--cells: {text!r} is no cell voltage, whole millivolts from 0 to {_HIGHEST_CELL_MV} are")
    return int(text)


def checked_faults(context: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> tuple[str, ...]:
    """The faults as they were given, once each is known to be one; `list` prints the table instead."""
    if "list" in texts:
        click.echo(fault_table(), nl=False)
        context.exit()
    try:
        for text in texts:
            parse(text)
    except FaultError as error:
        raise UsageSentence(f"--fault: {error}") from error
    return texts


def fault_table() -> str:
    """Every fault, what it does, and what it leads to."""
    rows = [(fault.usage, f"{fault.explanation} -> {', '.join(fault.leads_to)}") for fault in FAULTS]
    formatter = click.HelpFormatter()
    formatter.write_dl(rows)
    return formatter.getvalue()
