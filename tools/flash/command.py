"""`make flash`: MicroPython and the firmware onto an ESP32, with esptool. Unproven on a board."""

import re
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import click

from tools.build import image
from tools.build.command import configuration, delivery_of, make, show
from tools.build.memory_budget import budget
from tools.build.select import PROFILES
from tools.build.tree import build
from tools.cli.boards import all_boards, chosen_chip, memory
from tools.cli.console import open_console
from tools.cli.options import (
    board_option,
    config_option,
    device_port_option,
    firmware_option,
    force_option,
    profile_option,
)
from tools.cli.progress import show as show_progress
from tools.cli.serial_port import PortError, choose_port, open_port
from tools.flash import kept as flash_kept
from tools.flash.chip import BAUD, Chip, FlashError, boot_loader, remedy, was_reached
from tools.flash.files import fetch_micropython, pieces
from tools.flash.kept import CannotKeepError
from tools.update.options import release_key_option

_WRITE_WITHIN_S = 600
_STARTS_WITHIN_S = 60

# Lines of the device's log.
_STARTED = re.compile(r"evencell \S+ on \S+, id \w+")
_PAGE_PORT = re.compile(r"page at http://\S+(:\d+)/")
_JOINED = re.compile(r"network: connected to .*, address (\S+), name (\S+)")
_NO_WIFI = "no Wi-Fi:"
_SETUP = re.compile(r'setup: access point "([^"]+)" at')


@click.command()
@board_option
@profile_option
@config_option
@device_port_option
@firmware_option
@force_option
@click.option("--erase", is_flag=True, help="Delete all that is on the flash, configuration and history too.")
@click.option("--no-stub", is_flag=True, help="Slower, for a chip on which esptool's stub does not start.")
@release_key_option
def main(
    board: str,
    profile: str | None,
    config: Path | None,
    port: str | None,
    firmware: Path | None,
    force: bool,
    erase: bool,
    no_stub: bool,
    release_key: bytes | None,
):
    """Bring MicroPython and evencell onto an ESP32. Of a device that has evencell, configuration and history stay."""
    data = chosen_chip(board)
    if firmware:
        image.load_firmware(firmware, data["chip"])
    if erase and no_stub:
        raise FlashError("ERASE=1 needs esptool's stub: only that can erase the whole flash. Leave NO_STUB out.")
    port = port or choose_port()
    open_port(port).close()
    # Faults of the configuration and of the build are said before the chip is asked.
    given = configuration(config, profile)
    if config:
        budget(data, profile, given, delivery_of(firmware, data), force)
    build(board, profile or PROFILES[0])
    micropython = firmware or fetch_micropython(data)
    with boot_loader(port, data["chip"], not no_stub) as chip:
        click.echo(f"Reading what the device at {port} keeps; with a history this takes up to a minute ...")
        there = as_found(data, chip, force)
        kept = {} if erase else kept_files(chip)
    show(make(there, profile, config, micropython, force, kept, release_key))
    flash_kept.save(chip.mac, kept)
    write(port, write_command(port, data["chip"], pieces(there, micropython), erase, not no_stub), chip.mac, kept)
    flash_kept.discard(chip.mac)
    click.echo(f"Written. Waiting for the device to start, {_STARTS_WITHIN_S} s at most ...")
    click.echo(first_words(port))


def as_found(board: dict, chip: Chip, forced: bool) -> dict:
    """The board's data with the flash and the PSRAM that the chip has; FlashError where it needs another MicroPython.

    MicroPython may take all the flash that it finds, so the file system is made for the chip that is there.
    """
    found = board | {"flash_mb": chip.flash_bytes >> 20}
    if chip.psram is None or chip.psram == board.get("psram", "none"):
        return found
    if chip.psram == "none":
        click.echo(f"The chip has no PSRAM inside, and {board['name']} is a board with {board['psram']} PSRAM.")
        return {key: value for key, value in found.items() if key != "psram"}
    if forced:
        return found
    same_chip = [other for other in all_boards() if other["chip"] == board["chip"]]
    others = [other["name"] for other in same_chip if other.get("psram") == chip.psram]
    raise FlashError(
        f"the chip has {chip.psram} PSRAM, and {board['name']} has {memory(board)}: MicroPython would not use it. Say "
        f"BOARD= with one of {', '.join(others)}, or FORCE=1."
    )


def kept_files(chip: Chip) -> flash_kept.Files:
    """What stays on the device. Where something can't, its owner is asked; FlashError without a terminal to ask at."""
    try:
        return flash_kept.files_to_keep(chip)
    except CannotKeepError as reason:
        if not sys.stdin.isatty():
            raise FlashError(f"{reason} ERASE=1 deletes it.") from None
        if not click.confirm(f"{str(reason).capitalize()} Delete all that is on it?"):
            raise FlashError("nothing was written.") from None
        return {}


def write_command(
    port: str, chip: str, written: list[tuple[int, Path]], erase: bool = False, stub: bool = True
) -> list[str]:
    """Writes the pieces, verifies them by hash and resets the chip; `erase`: deletes all of the flash first."""
    command = [sys.executable, "-m", "esptool", "--chip", chip, "--port", port, "--baud", str(BAUD)]
    command += ["--after", "hard-reset", *([] if stub else ["--no-stub"]), "write-flash"]
    addresses = [part for address, path in written for part in (hex(address), str(path))]
    return [*command, *(["--erase-all"] if erase else []), *addresses]


def write(port: str, command: list[str], mac: str, kept: flash_kept.Files):
    """Run esptool, whose messages are shown. Raises FlashError; the copy is removed where nothing was written."""
    copy = f" What was on the device is safe in {flash_kept.shown(mac)}." if kept else ""
    try:
        result = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=_WRITE_WITHIN_S)
    except subprocess.TimeoutExpired:
        raise FlashError(
            f"{port}: the chip did not finish within {_WRITE_WITHIN_S} s. Unplug it and try again.{copy}"
        ) from None
    if result.returncode:
        if not was_reached(result.stderr):
            flash_kept.discard(mac)
            copy = ""
        raise FlashError(f"{port}: {remedy(result.stderr)}{copy}")


def first_words(port: str) -> str:
    """What the device says of itself once it has started; a hint where it says nothing."""
    with suppress(PortError), open_console(port) as opened:
        said = listen(opened, time.monotonic() + _STARTS_WITHIN_S)
        if said:
            return said
    return f"It sent nothing within {_STARTS_WITHIN_S} s. To see its log: .venv/bin/evencell console --port {port}"


def listen(opened, deadline_s: float) -> str:
    """Who it says it is, and where its page is once it has joined a network; empty where it says nothing.

    The page starts before the network is joined; a build or a configuration without it never logs one.
    """
    started = ""
    page_port = None
    with suppress(OSError):
        while time.monotonic() < deadline_s:
            line = opened.readline().decode(errors="replace")
            if found := _STARTED.search(line):
                started = f"It runs: {found.group()}"
            elif found := _PAGE_PORT.search(line):
                page_port = found.group(1)
            elif started and (found := _JOINED.search(line)):
                address, name = found.groups()
                if page_port is None:
                    return f"{started}\nIts name in the network: {name} ({address})"
                return f"{started}\nIts page: http://{name}{page_port.removesuffix(':80')}/ ({address})"
            elif started and _NO_WIFI in line:
                return (
                    f"{started}\nIt knows no Wi-Fi. Switch it off and on, and set it up by phone: docs/first-steps.md"
                )
            elif started and (found := _SETUP.search(line)):
                return (
                    f"{started}\nIt waits to be set up: join a phone to its Wi-Fi {found[1]}. docs/first-steps.md: "
                    "wire it first, or go on with step 5"
                )
    return started


if __name__ == "__main__":
    show_progress()
    main()
