"""Types of the options of `evencell sim`, and their errors in one sentence."""

import click

from evencell.protocol.jk_balancer import CELL_SLOTS
from tools.sim.fault_table import FAULTS
from tools.sim.faults import FaultError, parse

_MIN_CELLS = 2
_MAX_CELL_MV = 5000


class UsageSentence(click.ClickException):
    """An error in an option: one sentence, exit status 2."""

    exit_code = 2


class CellsMv(click.ParamType):
    """2 to 24 voltages in mV, separated by commas, as a list of integers."""

    name = "millivolts"

    def convert(self, value, param, ctx) -> list[int]:  # noqa: ARG002 (click's signature)
        cells_mv = [_cell_mv(text.strip()) for text in value.split(",")]
        if not _MIN_CELLS <= len(cells_mv) <= CELL_SLOTS:
            raise UsageSentence(f"--cells: {len(cells_mv)} given, {_MIN_CELLS} to {CELL_SLOTS} cells are possible")
        return cells_mv


def _cell_mv(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= _MAX_CELL_MV):
        raise UsageSentence(f"--cells: {text!r} is no cell voltage: whole millivolts from 0 to {_MAX_CELL_MV}")
    return int(text)


def checked_faults(context: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> tuple[str, ...]:
    """Validate the faults; `list` prints the table instead."""
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
    """The table of faults, with what each does and leads to."""
    rows = [(fault.usage, f"{fault.explanation} -> {', '.join(fault.leads_to)}") for fault in FAULTS]
    formatter = click.HelpFormatter()
    formatter.write_dl(rows)
    return formatter.getvalue()
