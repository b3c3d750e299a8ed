"""`evencell watch`: a live view in the terminal, polled by the firmware's own link."""

import asyncio
from collections import deque
from contextlib import suppress

import click
from rich.console import Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from evencell.hub import Hub
from evencell.link.exchange import Line
from evencell.link.poller import Poll, Poller
from evencell.pack.alarms import names_of
from evencell.pack.pack import ONLINE, Pack
from evencell.pack.status import CHARGING, DISCHARGING, Status
from evencell.system.clock import Clock
from tools.asking import poll_of
from tools.options import address_option, port_option, scale_option
from tools.serial_port import open_port

_BAR_WIDTH = 30
_TREND_WIDTH = 60
_SMALLEST_SPAN_MV = 20
_BLOCKS = "▁▂▃▄▅▆▇█"
_INTERVAL_MS = 1000
_REDRAW_S = 0.5


class Silent:
    """A log that keeps the terminal clean: what it would say is on the screen."""

    def info(self, text: str): ...

    def warning(self, text: str): ...


@click.command()
@port_option
@address_option
@scale_option
def watch(port, address, temperature_scale):
    """Live view in the terminal; Ctrl-C ends it."""
    with open_port(port) as serial_port, suppress(KeyboardInterrupt, asyncio.CancelledError):
        line = Line(serial_port)
        asyncio.run(follow(poll_of(line, address, temperature_scale, _INTERVAL_MS), line, port))


async def follow(poll: Poll, line: Line, port: str):
    """Poll and draw for ever."""
    pack = poll.pack
    hub = Hub([pack], Clock())
    poller = asyncio.create_task(Poller(line, [poll], hub, Silent()).run())
    deltas_mv = deque(maxlen=_TREND_WIDTH)
    drawn = 0
    with Live(screen=True, auto_refresh=False) as live:
        while not poller.done():
            if pack.sequence != drawn:
                drawn = pack.sequence
                deltas_mv.append(pack.accepted.delta_mv or 0)
            live.update(view(poll, line, hub.clock, deltas_mv, port), refresh=True)
            await asyncio.sleep(_REDRAW_S)
    await poller


def view(poll: Poll, line: Line, clock: Clock, deltas_mv, port: str) -> RenderableType:
    """The whole screen."""
    pack = poll.pack
    if not pack.sequence:
        body = Text(f"Waiting for the first answer. {poll.diagnosis.remedy}")
    else:
        status = pack.accepted
        body = Group(headline(status), Text(), cells(status), Text(), trend(deltas_mv), Text(), details(status))
    return Panel(body, title=f"evencell · {port}", subtitle=link_words(pack, line, clock), padding=(1, 2))


def headline(status: Status) -> Text:
    text = Text()
    text.append(f"{status.pack_mv / 1000:.2f} V", "bold")
    text.append(f"   delta {status.delta_mv or 0} mV   ")
    text.append(balance_words(status), "bold")
    for name in names_of(status.alarms or 0):
        text.append(f"   ALARM {name.replace('_', ' ')}", "bold red")
    return text


def balance_words(status: Status) -> str:
    """What the balancer does, with the manual's sign of the current."""
    if status.balance_state == CHARGING:
        return f"charging the lowest, cell {status.lowest_cell}: +{status.balance_ma / 1000:.2f} A"
    if status.balance_state == DISCHARGING:
        return f"discharging the highest, cell {status.highest_cell}: -{status.balance_ma / 1000:.2f} A"
    return "waiting" if status.balancing_enabled else "balancing is switched off"


def cells(status: Status) -> Table:
    """A bar for each slot; their length shows the distance from the lowest cell."""
    table = Table.grid(padding=(0, 2))
    for cell in range(status.slots):
        voltage_mv = status.cells_mv[cell]
        number = f"cell {cell + 1:2d}"
        if not voltage_mv:
            table.add_row(number, Text("not connected", "dim"), "", "")
            continue
        mark, style = {status.highest_cell: ("highest", "blue"), status.lowest_cell: ("lowest", "red")}.get(
            cell + 1, ("", "")
        )
        table.add_row(number, Text(bar(status, voltage_mv), style), f"{voltage_mv} mV", Text(mark, style))
    return table


def bar(status: Status, voltage_mv: int) -> str:
    """As long as the cell is above the lowest; the caller has one that is connected."""
    assert status.lowest_cell is not None
    assert status.delta_mv is not None
    above_lowest_mv = voltage_mv - status.cells_mv[status.lowest_cell - 1]
    room = _BAR_WIDTH - 2
    length = 2 + above_lowest_mv * room // max(status.delta_mv, _SMALLEST_SPAN_MV)
    return ("█" * length).ljust(_BAR_WIDTH)


def trend(deltas_mv) -> Text:
    """The delta of the last minute as a row of blocks, from 0 to its largest."""
    top = max(max(deltas_mv), _SMALLEST_SPAN_MV)
    blocks = "".join(_BLOCKS[min(delta * len(_BLOCKS) // top, len(_BLOCKS) - 1)] for delta in deltas_mv)
    return Text(f"delta  {blocks}  0 … {top} mV")


def details(status: Status) -> Table:
    table = Table.grid(padding=(0, 3))
    temperature = "scale not known" if status.temperature_dc is None else f"{status.temperature_dc / 10:.1f} °C"
    table.add_row("average", f"{status.average_mv} mV", "trigger", f"{status.trigger_mv} mV")
    table.add_row("cells", f"{status.cells_detected} of {status.cells_configured}", "temperature", temperature)
    table.add_row("max. current", f"{status.max_balance_ma} mA", "alarm byte", f"{status.alarms_raw:08b}")
    return table


def link_words(pack: Pack, line: Line, clock: Clock) -> str:
    counters = f"{line.answers} answers, {line.timeouts} timeouts, {line.bad_checksums} bad checksums"
    if pack.link == ONLINE or not pack.sequence:
        return counters
    return f"{pack.link_name.upper()}: these values are {(pack.age_ms(clock) or 0) // 1000} s old · {counters}"
