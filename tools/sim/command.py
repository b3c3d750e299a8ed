"""`evencell sim`: a simulated balancer and pack on a pty."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

import click

from evencell.protocol.jk_balancer import CELL_SLOTS
from tools.sim.answers import SimulatedBalancer
from tools.sim.balancer import Balancer
from tools.sim.capture import Recording, load_replies
from tools.sim.chemistry import CHEMISTRIES
from tools.sim.line import Device, Line
from tools.sim.link import place, remove
from tools.sim.pack import default_pack, fixed_pack
from tools.sim.usage import daily_use

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


@click.command()
@click.option("--link", required=True, metavar="PATH", help="Where the line appears: a symbolic link to the pty.")
@click.option("--cells", type=CellsMv(), help="2 to 24 voltages, as 3301,3302; fixed until balancing moves them.")
@click.option("--capture", type=click.Path(path_type=Path), help="Replay this file's recorded replies in turn instead.")
@click.option(
    "--chemistry", type=click.Choice(list(CHEMISTRIES)), default="lfp", show_default=True, help="Of the cells."
)
@click.option("--capacity-ah", type=click.FloatRange(0.5, 1000), default=20, show_default=True, help="Of a cell.")
@click.option("--speed", type=click.FloatRange(0, 10_000), default=1, show_default=True, help="Times real time.")
@click.option("--latency-ms", type=click.FloatRange(0, 60_000), default=20, show_default=True, help="Before an answer.")
@click.option("--address", type=click.IntRange(0, 255), default=1, show_default=True, help="On the bus.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of all that is random.")
def sim(link, cells, capture, chemistry, capacity_ah, speed, latency_ms, address, seed):
    """A simulated balancer and pack on a pty; prints `ready PATH` once it answers."""
    if capture is None:
        balancer = _balancer(cells, chemistry, capacity_ah, Random(seed))
        device = SimulatedBalancer(balancer, address, speed)
    elif cells is None:
        device = _recording(capture, address)
    else:
        raise UsageSentence("--capture: replays recorded cells, so --cells has no place beside it")
    _serve(device, latency_ms / 1000, link)


def _balancer(cells_mv: list[int] | None, chemistry_name: str, capacity_ah: float, random: Random) -> Balancer:
    """A balancer at a pack that is used daily, or at one of just these voltages."""
    chemistry = CHEMISTRIES[chemistry_name]
    if cells_mv is not None:
        return Balancer(fixed_pack(chemistry, capacity_ah, cells_mv, random))
    pack = default_pack(chemistry, capacity_ah, random)
    pack.use(daily_use(pack, chemistry, capacity_ah, random))
    return Balancer(pack, noise=random)


def _recording(path: Path, address: int) -> Recording:
    try:
        return Recording(load_replies(path), address)
    except OSError as error:
        raise UsageSentence(f"--capture: {path} can't be read ({error.strerror})") from error
    except ValueError as error:
        raise UsageSentence(f"--capture: {error}") from error


def _serve(device: Device, latency_s: float, link: str):
    with _stop_signals() as stop_fd, closing(Line(device, latency_s)) as line:
        _place_link(link, line.path)
        try:
            click.echo(f"ready {link}")
            line.serve(stop_fd)
        finally:
            remove(link, line.path)


def _place_link(link: str, target: str):
    try:
        place(link, target)
    except FileExistsError as error:
        raise UsageSentence(f"--link: {error}") from error
    except OSError as error:
        raise UsageSentence(f"--link: {link} can't be made ({error.strerror})") from error


@contextmanager
def _stop_signals() -> Iterator[int]:
    """A descriptor that becomes readable at SIGINT or SIGTERM, so that neither ends the process half-way."""
    read_fd, write_fd = os.pipe()
    handlers = {
        number: signal.signal(number, lambda *_: os.write(write_fd, b"!")) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield read_fd
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        os.close(read_fd)
        os.close(write_fd)


if __name__ == "__main__":
    sim()
