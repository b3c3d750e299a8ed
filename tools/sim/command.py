"""`evencell sim`: a simulated balancer and pack on a pty."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

import click

from tools.cli.options import FiniteRange
from tools.sim.answers import SimulatedBalancer
from tools.sim.balancer import Balancer
from tools.sim.bus import Bus
from tools.sim.capture import Recording, load_replies
from tools.sim.chemistry import CHEMISTRIES
from tools.sim.fault_answers import FaultyDevice
from tools.sim.fault_commands import FaultCommands, standard_input
from tools.sim.faults import FaultError, Faults
from tools.sim.line import Line
from tools.sim.link import place, remove
from tools.sim.options import CellsMv, UsageSentence, checked_faults
from tools.sim.pack import Pack, default_pack, fixed_pack
from tools.sim.scenarios import SCENARIOS
from tools.sim.supply import Supply, WLine
from tools.sim.usage import daily_use


@click.command()
@click.option("--link", required=True, metavar="PATH", help="Name of the line: a symbolic link to the pty.")
@click.option(
    "--cells",
    "cells_of_each",
    type=CellsMv(),
    multiple=True,
    help="2 to 24 voltages, as 3301,3302; fixed until balancing moves them. Given once it is for all balancers, "
    "else once for each.",
)
@click.option(
    "--leakage-ma",
    default="",
    help="What each of --cells loses by itself, as 0,0,40,0: it drifts from the others.",
)
@click.option("--capture", type=click.Path(path_type=Path), help="Replay this file's recorded replies in turn instead.")
@click.option(
    "--chemistry", type=click.Choice(list(CHEMISTRIES)), default="lfp", show_default=True, help="Of the cells."
)
@click.option("--capacity-ah", type=FiniteRange(0.5, 1000), default=20, show_default=True, help="Of a cell.")
@click.option("--speed", type=FiniteRange(0, 10_000), default=1, show_default=True, help="Times real time.")
@click.option("--latency-ms", type=FiniteRange(0, 60_000), default=20, show_default=True, help="Before an answer.")
@click.option("--packet-ms", type=FiniteRange(0, 100), default=0, help="Collected before it is handed over (USB: 16).")
@click.option(
    "--address",
    "addresses",
    type=click.IntRange(0, 255),
    multiple=True,
    default=[1],
    show_default=True,
    help="On the bus; repeatable, for one balancer and pack each. Real blocks in series never share a bus or a ground.",
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="Of all that is random; the next balancer has the next one."
)
@click.option(
    "--scenario",
    type=click.Choice(list(SCENARIOS)),
    help="Use of the pack in real durations, with the balancer's own current; watch with --speed 100. "
    + ". ".join(f"{name}: {scenario.explanation}" for name, scenario in SCENARIOS.items()),
)
@click.option("--w", "w_pipe", metavar="PATH", help="A named pipe as the balancer's pin W: 1 is on, 0 is off.")
@click.option("--w-resistor", type=click.Choice(["on", "off"]), default="on", show_default=True, help="While W floats.")
@click.option(
    "--w-off-ma", type=FiniteRange(0, 100), default=0, show_default=True, help="Supply current with W low (assumed)."
)
@click.option(
    "--fault",
    "fault_texts",
    metavar="NAME[:ARG][@ADDRESS]",
    multiple=True,
    is_eager=True,
    callback=checked_faults,
    help="What is wrong, repeatable; `--fault list` explains all there are and what each leads to.",
)
def sim(
    link,
    cells_of_each,
    leakage_ma,
    capture,
    chemistry,
    capacity_ah,
    speed,
    latency_ms,
    packet_ms,
    addresses,
    seed,
    scenario,
    w_pipe,
    w_resistor,
    w_off_ma,
    fault_texts,
):
    """A simulated balancer and pack on a pty. Prints `ready PATH` once it answers.

    While it runs, lines on its standard input switch faults: `+noise:0.3` on, `-noise` off, `?` lists them. Each is
    answered by the list of active faults. `+silent@2` is for the balancer at address 2 alone.
    """
    _check_addresses(addresses)
    if w_pipe and len(addresses) > 1:
        raise UsageSentence("--w: switches a single balancer, so name one --address")
    if capture is None:
        w = WLine(w_pipe, w_resistor == "on") if w_pipe else None
        supply = Supply(w, w_off_ma) if w or scenario else None
        devices = [
            SimulatedBalancer(
                _balancer(cells, leakage_ma, chemistry, capacity_ah, scenario, supply, Random(seed + i)),
                addresses[i],
                speed,
            )
            for i, cells in enumerate(_cells_of(cells_of_each, addresses))
        ]
    elif cells_of_each or scenario or w_pipe:
        raise UsageSentence("--capture: replays recorded cells; leave out --cells, --scenario and --w")
    else:
        devices = [_recording(capture, addresses)]
    cells = {
        device.address: len(device.balancer.pack.cells) for device in devices if isinstance(device, SimulatedBalancer)
    }
    faults = _faults(fault_texts, addresses, cells)
    bus = Bus([FaultyDevice(device, faults.at(device.address), Random(seed + i)) for i, device in enumerate(devices)])
    _serve(bus, faults, latency_ms / 1000, packet_ms / 1000, link)


def _check_addresses(addresses: tuple[int, ...]):
    for address in addresses:
        if addresses.count(address) > 1:
            raise UsageSentence(f"--address: {address} is given twice, and each balancer on a bus has its own")


def _cells_of(cells_of_each: tuple[list[int], ...], addresses: tuple[int, ...]) -> list[list[int] | None]:
    """The cell voltages of each balancer; None if they are not given."""
    if len(cells_of_each) not in (0, 1, len(addresses)):
        raise UsageSentence(
            f"--cells: given {len(cells_of_each)} times, --address {len(addresses)}: give it once for all, or for each"
        )
    return [*cells_of_each] if len(cells_of_each) > 1 else [*(cells_of_each or (None,))] * len(addresses)


def _faults(texts: tuple[str, ...], addresses: tuple[int, ...], cells: dict[int, int]) -> Faults:
    try:
        return Faults(texts, addresses=addresses, cells=cells)
    except FaultError as error:
        raise UsageSentence(f"--fault: {error}") from error


def _balancer(
    cells_mv: list[int] | None,
    leakage_ma: str,
    chemistry_name: str,
    capacity_ah: float,
    scenario: str | None,
    supply: Supply | None,
    random: Random,
) -> Balancer:
    """A balancer at a pack with a scenario's use, else with daily use, or at one with these voltages."""
    chemistry = CHEMISTRIES[chemistry_name]
    if cells_mv is None:
        pack = default_pack(chemistry, capacity_ah, random)
    else:
        pack = fixed_pack(chemistry, capacity_ah, cells_mv, random)
        _set_leakages(pack, leakage_ma)
    if scenario:
        pack.use(SCENARIOS[scenario].phases(pack, chemistry, capacity_ah * 1000, random))
    elif cells_mv is None:
        pack.use(daily_use(pack, chemistry, capacity_ah, random))
    return Balancer(pack, random if cells_mv is None else None, supply)


def _set_leakages(pack: Pack, text: str):
    leakages_ma = [int(number) for number in text.split(",") if number.isdigit()]
    if text and len(leakages_ma) != len(pack.cells):
        raise UsageSentence(f"--leakage-ma: {text!r} is no whole number for each of {len(pack.cells)} cells")
    for cell, cell_ma in zip(pack.cells, leakages_ma, strict=False):
        cell.leakage_ma = cell_ma


def _recording(path: Path, addresses: tuple[int, ...]) -> Recording:
    address, *others = addresses
    if others:
        raise UsageSentence("--capture: replays a single balancer, so name one --address")
    try:
        return Recording(load_replies(path), address)
    except OSError as error:
        raise UsageSentence(f"--capture: {path} can't be read ({error.strerror})") from error
    except ValueError as error:
        raise UsageSentence(f"--capture: {error}") from error


def _serve(device: Bus, faults: Faults, latency_s: float, packet_s: float, link: str):
    commands = FaultCommands(faults, standard_input(), click.echo)
    with _stop_signals() as stop_fd, closing(Line(device, latency_s, faults, packet_s)) as line:
        _place_link(link, line.path)
        try:
            click.echo(f"ready {link}")
            line.serve(stop_fd, commands)
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
    """A descriptor that becomes readable at SIGINT or SIGTERM, so that the process can clean up.

    SIGTTIN is ignored: in the background of a shell the terminal can't be read, and that is no reason to stop.
    """
    read_fd, write_fd = os.pipe()
    handlers = {
        number: signal.signal(number, lambda *_: os.write(write_fd, b"!")) for number in (signal.SIGINT, signal.SIGTERM)
    }
    handlers[signal.SIGTTIN] = signal.signal(signal.SIGTTIN, signal.SIG_IGN)
    try:
        yield read_fd
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        os.close(read_fd)
        os.close(write_fd)


if __name__ == "__main__":
    sim()
