"""`make flash`: MicroPython and the firmware onto a bare ESP32, with esptool. Unproven on a board."""

import re
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import click

from tools.boards import all_boards, which_board
from tools.console import open_console
from tools.flash_files import FlashError, check_firmware, fetch_micropython, needed_bytes, pieces
from tools.serial_port import PortError, choose_port, open_port

_BAUD = 460800
_DETECT_WITHIN_S = 60
_WRITE_WITHIN_S = 600
_STARTS_WITHIN_S = 60
_SIZE = re.compile(r"Detected flash size: (\d+)(KB|MB)")
_UNITS = {"KB": 1024, "MB": 1024 * 1024}


@click.command()
@click.option("--board", required=True, help="One of `evencell boards`.")
@click.option("--port", help="Its serial port; needed where there are several.")
@click.option("--firmware", type=click.Path(path_type=Path), help="MicroPython from a file, instead of fetching it.")
def main(board: str, port: str | None, firmware: Path | None):
    """Bring MicroPython and evencell onto a bare ESP32. Everything on its flash is replaced."""
    data = board_with_chip(board)
    if firmware:
        check_firmware(firmware, data["chip"])
    port = port or choose_port()
    open_port(port).close()
    micropython = firmware or fetch_micropython(data)
    check_firmware(micropython, data["chip"])
    written = pieces(data, micropython)
    check_size(flash_bytes(port, data["chip"]), needed_bytes(written))
    esptool(write_command(port, data["chip"], written), port, _WRITE_WITHIN_S, shown=True)
    click.echo(first_words(port))


def board_with_chip(name: str) -> dict:
    """The board's data; raises FlashError where there is none, or nothing to flash."""
    for board in all_boards():
        if board["name"] == name != "host":
            return board
    raise FlashError(which_board())


def detect_command(port: str, chip: str) -> list[str]:
    """Asks the chip for the size of its flash, and fails on another chip; writes nothing."""
    return [sys.executable, "-m", "esptool", "--chip", chip, "--port", port, "flash-id"]


def write_command(port: str, chip: str, written: list[tuple[int, Path]]) -> list[str]:
    """Erases all of the flash, writes the pieces, verifies them by hash and resets the chip."""
    command = [sys.executable, "-m", "esptool", "--chip", chip, "--port", port, "--baud", str(_BAUD)]
    addresses = [part for address, path in written for part in (hex(address), str(path))]
    return [*command, "--after", "hard-reset", "write-flash", "--erase-all", *addresses]


def flash_bytes(port: str, chip: str) -> int:
    """Size of the chip's flash; raises FlashError where it is another chip or none."""
    found = _SIZE.search(esptool(detect_command(port, chip), port, _DETECT_WITHIN_S))
    if not found:
        raise FlashError(f"{port}: the chip does not say how large its flash is. Press its reset button and try again.")
    return int(found.group(1)) * _UNITS[found.group(2)]


def check_size(there: int, needed: int):
    """Raise FlashError where the flash is too small."""
    if there < needed:
        raise FlashError(f"Its flash has {there >> 20} MB, and {-(-needed >> 20)} MB are needed. Take another board.")


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
    """The log's first line, and the page's address where one follows."""
    started = ""
    with suppress(OSError):
        while time.monotonic() < deadline_s:
            line = opened.readline().decode(errors="replace").strip()
            if re.search(r"evencell \S+ on \S+", line):
                started = f"It runs: {line}"
            if started and (found := re.search(r"http://\S+", line)):
                return f"{started}\nIts page: {found.group()}"
    return started


if __name__ == "__main__":
    main()
