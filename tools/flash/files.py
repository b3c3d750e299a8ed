"""What a bare chip gets, and where: MicroPython, from its makers or from a file, and our file system."""

import os
import subprocess
from pathlib import Path

import click

from tools.build import image
from tools.build.command import FILE_SYSTEM
from tools.build.common import BUILD, tool
from tools.build.tree import flash_folder
from tools.cli.boards import image_name
from tools.flash.chip import FlashError
from tools.release import pins

MICROPYTHON = pins.stock_micropython()
_DOWNLOAD_WITHIN_S = 300


def pieces(board: dict, firmware: Path) -> list[tuple[int, Path]]:
    """Address and file of all that is written; raises FlashError where that MicroPython would not mount the files."""
    _, partition = image.whole_micropython(firmware, board)
    file_system = flash_folder(board["name"]).with_name(FILE_SYSTEM)
    size = file_system.stat().st_size
    if size != partition.size:
        raise FlashError(
            f"{os.path.relpath(file_system)} has {size} bytes, and MicroPython would look for {partition.size}: "
            "another build has replaced it. Nothing was written; try again."
        )
    return [(image.start(board["chip"]), firmware), (partition.offset, file_system)]


def fetch_micropython(board: dict) -> Path:
    """MicroPython for the board, from micropython.org by way of mpflash; raises FlashError."""
    name = image_name(board)
    folder = BUILD / "firmware"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = f"**/{name}-v{MICROPYTHON}.bin"
    if not list(folder.glob(wanted)):
        click.echo(f"Fetching MicroPython {MICROPYTHON} for {name} ...")
        download(board["micropython"], folder)
    found = list(folder.glob(wanted))
    if not found:
        raise FlashError(
            f"MicroPython {MICROPYTHON} for {name} could not be fetched. Can micropython.org be reached? Otherwise "
            f"download {name}-….bin from https://micropython.org/download/{board['micropython']}/ and name it: "
            "FIRMWARE=that.bin"
        )
    return found[0]


def download(board: str, folder: Path):
    """Let mpflash fetch a board's images into `folder`; its output goes to a file there.

    mpflash finds the pages of micropython.org by the board's name alone, and fetches every variant that it finds there.
    """
    command = [str(tool("mpflash")), "download", "--version", MICROPYTHON, "--board", board]
    environment = {**os.environ, "MPFLASH_FIRMWARE": str(folder)}
    with open(folder / "mpflash.log", "w") as log:
        options = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": subprocess.STDOUT, "cwd": folder}
        try:
            subprocess.run(command, env=environment, timeout=_DOWNLOAD_WITHIN_S, **options)
        except subprocess.TimeoutExpired:
            raise FlashError(f"micropython.org did not send it within {_DOWNLOAD_WITHIN_S} s.") from None
