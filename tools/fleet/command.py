"""`evencell fleet`: many simulated devices at a real broker and a real store, and what became of their readings."""

import asyncio
import json
import resource
import ssl
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from evencell.config.check import check
from tools.cli.options import FiniteRange
from tools.dev.device import host_and_port
from tools.fleet.device import Plan
from tools.fleet.run import NoBroker, Run

_SPARE_FILES = 64
_DISCOVERY = (
    "Announce each device to Home Assistant. Switch it off at a broker that a real one uses: it would keep them all.  "
    "[default: do]"
)


@click.command()
@click.option("--devices", type=click.IntRange(1, 20_000), default=50, show_default=True, help="How many.")
@click.option("--every-s", type=FiniteRange(0.1, 86_400), default=10, show_default=True, help="Between readings.")
@click.option("--minutes", type=FiniteRange(0, min_open=True), default=10, show_default=True, help="How long.")
@click.option("--mqtt", multiple=True, metavar="HOST:PORT", help="The broker; repeatable for the nodes of a cluster.")
@click.option("--influx", metavar="URL", help="The store, as influx.url in config.json.")
@click.option("--user", help="At the broker; {id} in it becomes each device's id.")
@click.option("--password", envvar="EVENCELL_FLEET_PASSWORD", help="The same.")
@click.option("--reader-user", help="Of the subscriber, where it is another.")
@click.option("--reader-password", envvar="EVENCELL_FLEET_READER_PASSWORD", help="The same.")
@click.option("--tls", is_flag=True, help="Encrypted; the broker's certificate is not checked.")
@click.option("--discovery/--no-discovery", default=True, help=_DISCOVERY)
@click.option("--seed", type=click.IntRange(0, 65_535), default=1, show_default=True, help="Of cells and ids.")
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="Where the figures go.")
def fleet(
    devices, every_s, minutes, mqtt, influx, user, password, reader_user, reader_password, tls, discovery, seed, file
):
    """Many simulated devices at a real broker and store. Prints losses and delays; Ctrl-C ends it.

    All packs and cells are simulated.
    """
    brokers = _brokers(mqtt)
    config = _config(influx, discovery)
    if not brokers and not influx:
        raise click.UsageError("name a broker (--mqtt HOST:PORT), a store (--influx URL), or both")
    if file and not file.parent.is_dir():
        raise click.UsageError(f"--json: there is no folder {file.parent}")
    _need_files(devices)
    plan = Plan(config, brokers, every_s, seed, user, password, _tls() if tls else None)
    run = Run(devices, plan, (reader_user or user, reader_password or password))
    try:
        asyncio.run(run.carry_out(60 * minutes))
    except NoBroker as error:
        raise click.ClickException(str(error)) from None
    figures = run.figures()
    if file:
        file.write_text(json.dumps(figures, indent=1) + "\n")
    Console().print(table(figures))
    if figures["lost"] or figures["store"]["dropped"] or figures["store"]["waiting"]:
        raise SystemExit(1)


def _brokers(texts: tuple[str, ...]) -> list[tuple[str, int]]:
    try:
        return [host_and_port(text, "--mqtt") for text in texts]
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _config(influx: str | None, discovery: bool) -> dict:
    """A device's whole configuration."""
    config, faults = check({"influx": {"url": influx}, "mqtt": {"discovery": discovery}})
    if faults:
        raise click.UsageError(f"--influx: {faults[0]}")
    return config


def _need_files(devices: int):
    """A connection is an open file: as many as the system allows, or a sentence."""
    needed = 2 * devices + _SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise click.ClickException(f"{devices} devices need {needed} open files, and {hard} are allowed: ulimit -Hn.")
    if soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def _tls() -> ssl.SSLContext:
    """Encrypted, to whomever: simulated readings are no secret."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def table(figures: dict) -> Table:
    """The figures for people, with what follows from them a second."""
    result = Table(box=None, pad_edge=False, show_header=False)
    result.add_column(style="dim", no_wrap=True)
    result.add_column(justify="right")
    seconds = figures["seconds"] or 1
    rows = {key: value for key, value in figures.items() if not isinstance(value, dict)}
    for group in ("mqtt", "store", "cpu_s"):
        rows |= {f"{group} {key}": value for key, value in (figures[group] or {}).items()}
    if figures["mqtt"]:
        for name in ("device_bytes", "device_packets", "reader_bytes", "reader_packets"):
            rows[f"mqtt {name} a second"] = round(figures["mqtt"][name] / seconds, 1)
    for name, value in rows.items():
        text = ", ".join(f"{key} {part}" for key, part in value.items()) if isinstance(value, dict) else str(value)
        result.add_row(name, text)
    return result
