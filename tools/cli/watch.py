"""`evencell watch`: a live view in the terminal, polled by the firmware's link."""

import asyncio
import sys
from collections import deque
from contextlib import closing, contextmanager, suppress

import click
from rich.console import Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from evencell.clock.clock import Clock
from evencell.hub import Hub
from evencell.link.bus import Rs485Bus
from evencell.link.poller import Poll, Poller
from evencell.pack.alarms import names_of
from evencell.pack.pack import ONLINE, Pack
from evencell.pack.status import CHARGING, DISCHARGING, Status
from tools.cli.options import address_option, port_option, scale_option
from tools.cli.query import alarm_text, make_cli_poll, no_voltage_text
from tools.cli.serial_port import PortError, SerialPort, open_port

_AXIS_WIDTH = 40
_TREND_WIDTH = 60
_SPANS_MV = (50, 100, 200, 500, 1000, 2000, 5000)  # of both scales
_BLOCKS = "▁▂▃▄▅▆▇█"
_INTERVAL_MS = 1000
_REDRAW_S = 0.5


class SilentLog:
    """A log that prints nothing: the screen shows it all."""

    def info(self, text: str): ...

    def warning(self, text: str): ...


class ReopeningPort:
    """A port for the firmware's link that is opened again after it vanished. Silent meanwhile.

    `problem` is a sentence while it is gone, else empty.
    """

    direction = None

    def __init__(self, path: str):
        self._path = path
        self._port: SerialPort | None = open_port(path)
        self.problem = ""

    def write(self, data) -> int:
        """Send; bytes that can't be sent are lost, as on a wire."""
        if self._port is None:
            self._reopen()
        with self._watched():
            return self._port.write(data) if self._port else 0
        return 0

    def readinto(self, buffer) -> int:
        """Read into `buffer`; returns the number of bytes."""
        with self._watched():
            return self._port.readinto(buffer) if self._port else 0
        return 0

    def close(self):
        if self._port:
            self._port.close()
            self._port = None

    @contextmanager
    def _watched(self):
        try:
            yield
        except PortError as error:
            self.problem = error.message
            self.close()

    def _reopen(self):
        with suppress(PortError):
            self._port = open_port(self._path)
            self.problem = ""


class Axis:
    """A voltage axis with hysteresis: it moves and grows only when a cell would leave it, shrinks when far too wide."""

    def __init__(self):
        self.low_mv = 0
        self.span_mv = 0

    def fit(self, lowest_mv: int, highest_mv: int):
        """Make the axis include both voltages."""
        needed_mv = span_of((highest_mv - lowest_mv) * 5 // 4)
        is_inside = self.low_mv <= lowest_mv and highest_mv <= self.low_mv + self.span_mv
        if is_inside and needed_mv * 4 > self.span_mv:
            return
        self.span_mv = max(needed_mv, self.span_mv if needed_mv * 4 > self.span_mv else 0)
        step_mv = self.span_mv // 10
        self.low_mv = max(0, (lowest_mv + highest_mv - self.span_mv) // 2 // step_mv * step_mv)

    def column(self, voltage_mv: int) -> int:
        """Column of a voltage on the axis."""
        return (voltage_mv - self.low_mv) * (_AXIS_WIDTH - 1) // self.span_mv


def span_of(wanted_mv: int) -> int:
    """The smallest span of a scale that is at least `wanted_mv`."""
    return next((span_mv for span_mv in _SPANS_MV if span_mv >= wanted_mv), _SPANS_MV[-1])


@click.command()
@port_option
@address_option
@scale_option
def watch(port, address, temperature_scale):
    """Live view in the terminal; Ctrl-C ends it."""
    if not sys.stdout.isatty():
        raise click.ClickException("This needs a terminal. `evencell read --json` is for programs.")
    with closing(ReopeningPort(port)) as opened, suppress(KeyboardInterrupt, asyncio.CancelledError):
        bus = Rs485Bus(opened)
        asyncio.run(follow(make_cli_poll(bus, address, temperature_scale, _INTERVAL_MS), bus, opened, port))


async def follow(poll: Poll, bus: Rs485Bus, opened: ReopeningPort, port: str):
    """Poll and draw until Ctrl-C."""
    pack = poll.pack
    hub = Hub([pack], Clock())
    poller = asyncio.create_task(Poller(bus, [poll], hub, SilentLog()).run())
    deltas_mv = deque(maxlen=_TREND_WIDTH)
    axis = Axis()
    drawn = 0
    with Live(screen=True, auto_refresh=False) as live:
        while not poller.done():
            if pack.sequence != drawn:
                drawn = pack.sequence
                deltas_mv.append(pack.accepted.delta_mv or 0)
            body = view(poll, opened.problem, axis, deltas_mv)
            subtitle = link_text(pack, bus, hub.clock)
            live.update(Panel(body, title=f"evencell · {port}", subtitle=subtitle, padding=(1, 2)), refresh=True)
            await asyncio.sleep(_REDRAW_S)
    await poller


def view(poll: Poll, problem: str, axis: Axis, deltas_mv) -> RenderableType:
    """The whole screen."""
    pack = poll.pack
    notes = [Text(f"{problem} It is opened again when it is back.", "bold red"), Text()] if problem else []
    if not pack.sequence:
        return Group(*notes, Text(f"Waiting for the first answer. {'' if problem else poll.diagnosis.remedy}"))
    status = pack.accepted
    return Group(*notes, headline(status), Text(), cells(status, axis), Text(), trend(deltas_mv), Text(), details(pack))


def headline(status: Status) -> Text:
    text = Text()
    text.append(f"{status.pack_mv / 1000:.2f} V", "bold")
    text.append(f"   delta {status.delta_mv or 0} mV   ")
    text.append(balance_text(status), "bold")
    for name in names_of(status.alarms or 0):
        text.append(f"   ALARM {alarm_text(status, name)}", "bold red")
    return text


def balance_text(status: Status) -> str:
    """The balance state, with the manual's sign of the current."""
    if status.balance_state == CHARGING:
        return f"charging the lowest, cell {status.lowest_cell}: +{status.balance_ma / 1000:.2f} A"
    if status.balance_state == DISCHARGING:
        return f"discharging the highest, cell {status.highest_cell}: -{status.balance_ma / 1000:.2f} A"
    return "waiting" if status.balancing_enabled else "balancing is switched off"


def cells(status: Status, axis: Axis) -> Table:
    """Each slot's voltage on a common axis, labelled below."""
    table = Table.grid(padding=(0, 2))
    if status.lowest_cell and status.highest_cell:
        axis.fit(status.cells_mv[status.lowest_cell - 1], status.cells_mv[status.highest_cell - 1])
    for cell in range(status.slots):
        voltage_mv = status.cells_mv[cell]
        number = f"cell {cell + 1:2d}"
        if not voltage_mv:
            table.add_row(number, Text(no_voltage_text(status, cell), "dim"), "", "")
            continue
        mark, style = {status.highest_cell: ("highest", "blue"), status.lowest_cell: ("lowest", "red")}.get(
            cell + 1, ("", "")
        )
        table.add_row(number, place(axis, voltage_mv, style), f"{voltage_mv} mV", Text(mark, style))
    if axis.span_mv:
        low, high = f"{axis.low_mv} mV", f"{axis.low_mv + axis.span_mv} mV"
        table.add_row("", Text(low + high.rjust(_AXIS_WIDTH - len(low)), "dim"), "", "")
    return table


def place(axis: Axis, voltage_mv: int, style: str) -> Text:
    """A voltage as a mark on the axis. No bar: its length would suggest an axis from 0."""
    column = axis.column(voltage_mv)
    return Text.assemble(("─" * column, "dim"), ("●", style), ("─" * (_AXIS_WIDTH - 1 - column), "dim"))


def trend(deltas_mv) -> Text:
    """The delta of the last minute as a row of blocks, on a scale from 0."""
    top = span_of(max(deltas_mv))
    blocks = "".join(_BLOCKS[min(delta * len(_BLOCKS) // top, len(_BLOCKS) - 1)] for delta in deltas_mv)
    return Text(f"delta  {blocks}  0 … {top} mV")


def details(pack: Pack) -> Table:
    status = pack.accepted
    table = Table.grid(padding=(0, 3))
    temperature = "no probe" if pack.scale.dc_per_count else "scale unknown"
    if status.temperature_dc is not None:
        temperature = f"{status.temperature_dc / 10:.1f} °C"
    table.add_row("average", f"{status.average_mv} mV", "trigger", f"{status.trigger_mv} mV")
    table.add_row("cells", f"{status.cells_detected} of {status.cells_configured}", "temperature", temperature)
    table.add_row("max. current", f"{status.max_balance_ma} mA", "alarm byte", f"{status.alarms_raw:08b}")
    return table


def link_text(pack: Pack, bus: Rs485Bus, clock: Clock) -> str:
    counters = f"{bus.answers} answers, {bus.timeouts} timeouts, {bus.bad_checksums} bad checksums"
    if pack.link == ONLINE or not pack.sequence:
        return counters
    return f"{str(pack.link_name).upper()}: these values are {(pack.age_ms(clock) or 0) // 1000} s old · {counters}"
