"""`make flash`: MicroPython and the firmware onto a bare ESP32, with esptool. Unproven on a board."""

import re
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import click

from tools import image
from tools.boards import chosen_chip
from tools.build import build
from tools.console import open_console
from tools.flash_files import FlashError, fetch_micropython, pieces
from tools.make_build import configuration, make, show
from tools.memory_budget import budget
from tools.options import (
    board_option,
    config_option,
    device_port_option,
    firmware_option,
    force_option,
    profile_option,
)
from tools.parts import PROFILES
from tools.serial_port import PortError, choose_port, open_port

_BAUD = 460800
_DETECT_WITHIN_S = 60
_WRITE_WITHIN_S = 600
_STARTS_WITHIN_S = 60
_SIZE = re.compile(r"Detected flash size: (\d+)(KB|MB)")
_UNITS = {"KB": 1024, "MB": 1024 * 1024}

# Lines of the device's log.
_STARTED = re.compile(r"evencell \S+ on \S+, id \w+")
_PAGE_PORT = re.compile(r"page at http://\S+(:\d+)/")
_JOINED = re.compile(r"network: connected to .*, address (\S+), name (\S+)")
_NO_WIFI = "no Wi-Fi:"


@click.command()
@board_option
@profile_option
@config_option
@device_port_option
@firmware_option
@force_option
def main(board: str, profile: str | None, config: Path | None, port: str | None, firmware: Path | None, force: bool):
    """Bring MicroPython and evencell onto a bare ESP32. Everything on its flash is replaced."""
    data = chosen_chip(board)
    if firmware:
        image.load_firmware(firmware, data["chip"])
    port = port or choose_port()
    open_port(port).close()
    # Faults of the configuration and of the build are said before the chip is asked.
    budget(data, profile, configuration(config, profile), forced=force)
    build(board, profile or PROFILES[0])
    micropython = firmware or fetch_micropython(data)
    # MicroPython may take all the flash that it finds, so the file system is made for the chip that is there.
    there = data | {"flash_mb": flash_mb(port, data["chip"])}
    show(make(there, profile, config, micropython, force))
    esptool(write_command(port, data["chip"], pieces(there, micropython)), port, _WRITE_WITHIN_S, shown=True)
    click.echo(first_words(port))


def detect_command(port: str, chip: str) -> list[str]:
    """Asks the chip for the size of its flash, and fails on another chip; writes nothing."""
    return [sys.executable, "-m", "esptool", "--chip", chip, "--port", port, "flash-id"]


def write_command(port: str, chip: str, written: list[tuple[int, Path]]) -> list[str]:
    """Erases all of the flash, writes the pieces, verifies them by hash and resets the chip."""
    command = [sys.executable, "-m", "esptool", "--chip", chip, "--port", port, "--baud", str(_BAUD)]
    addresses = [part for address, path in written for part in (hex(address), str(path))]
    return [*command, "--after", "hard-reset", "write-flash", "--erase-all", *addresses]


def flash_mb(port: str, chip: str) -> int:
    """Size of the chip's flash in MiB; raises FlashError where it is another chip or none."""
    found = _SIZE.search(esptool(detect_command(port, chip), port, _DETECT_WITHIN_S))
    if not found:
        raise FlashError(f"{port}: the chip does not say how large its flash is. Press its reset button and try again.")
    return int(found.group(1)) * _UNITS[found.group(2)] >> 20


def esptool(command: list[str], port: str, within_s: int, shown: bool = False) -> str:
    """Run esptool; returns what it said, or shows it as it comes. Raises FlashError."""
    output = None if shown else subprocess.PIPE
    try:
        result = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, text=True, timeout=within_s)
    except subprocess.TimeoutExpired:
        raise FlashError(f"{port}: the chip did not finish within {within_s} s. Unplug it and try again.") from None
    if result.returncode:
        raise FlashError(f"{port}: {remedy(result.stderr)}")
    return result.stdout or ""


def remedy(said: str) -> str:
    """What esptool's error means, in one sentence."""
    if found := re.search(r"This chip is ([^,]+), not ([^.]+)\.", said):
        return f"the chip there is an {found.group(1)}, and the board has an {found.group(2)}. Nothing was written."
    if "Failed to connect" in said:
        return "no chip answers. Hold its BOOT button, press RESET, let BOOT go, and try again."
    if "Could not open" in said:
        return "it is gone, or another program uses it. Close that one, plug the board in and try again."
    errors = [line for line in said.splitlines() if "rror" in line]
    return f"esptool said: {errors[-1] if errors else said.strip()[-200:]} Flashing again may begin anew at any time."


def first_words(port: str) -> str:
    """What the device says of itself once it has started; a hint where it says nothing."""
    with suppress(PortError), open_console(port) as opened:
        said = listen(opened, time.monotonic() + _STARTS_WITHIN_S)
        if said:
            return said
    return f"Written. Nothing was heard from it within {_STARTS_WITHIN_S} s: evencell console --port {port}"


def listen(opened, deadline_s: float) -> str:
    """Who it says it is, and where its page is once it has joined a network; empty where it says nothing."""
    started = ""
    page_port = ":80"
    with suppress(OSError):
        while time.monotonic() < deadline_s:
            line = opened.readline().decode(errors="replace")
            if found := _STARTED.search(line):
                started = f"It runs: {found.group()}"
            elif found := _PAGE_PORT.search(line):
                page_port = found.group(1)
            elif started and (found := _JOINED.search(line)):
                return (
                    f"{started}\nIts page: http://{found.group(2)}{page_port.removesuffix(':80')}/ ({found.group(1)})"
                )
            elif started and _NO_WIFI in line:
                return (
                    f"{started}\nIt knows no Wi-Fi. Write your own into my.json, and flash it again with CONFIG=my.json"
                )
    return started


if __name__ == "__main__":
    main()
