"""What a bare chip gets, and where: MicroPython, from its makers or from a file, and our file system."""

import os
import subprocess
from pathlib import Path

import click
from esptool.targets import CHIP_DEFS

from tools import build, image, make_build

MICROPYTHON = "1.27.0"  # the version that `make flash` fetches
_DOWNLOAD_WITHIN_S = 300


class FlashError(click.ClickException):
    """What stands in the way, in one sentence."""


def pieces(board: dict, firmware: Path, flash_mb: int, profile: str, config: Path | None) -> list[tuple[int, Path]]:
    """Build for a chip with `flash_mb` of flash; address and file of all that is written. Raises BuildError.

    MicroPython takes a file system only if it is as large as its partition, and that may reach to the end of the flash.
    """
    board = {**board, "flash_mb": flash_mb}
    partition = make_build.partition_of(board, firmware, image.load_firmware(firmware, board["chip"]))
    make_build.make(board, profile, config, firmware)
    file_system = build.flash_folder(board["name"]).parent / make_build.FILE_SYSTEM
    return [(CHIP_DEFS[board["chip"]].BOOTLOADER_FLASH_OFFSET, firmware), (partition.offset, file_system)]


def fetch_micropython(board: dict) -> Path:
    """MicroPython for the board, from micropython.org by way of mpflash; raises FlashError."""
    name = board["micropython"]
    folder = build.BUILD / "firmware"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = f"**/{name}-v{MICROPYTHON}.bin"
    if not list(folder.glob(wanted)):
        click.echo(f"Fetching MicroPython {MICROPYTHON} for {name} ...")
        download(name, folder)
    found = list(folder.glob(wanted))
    if not found:
        raise FlashError(
            f"MicroPython {MICROPYTHON} for {name} could not be fetched. Is micropython.org reached? Else take a .bin "
            f"of https://micropython.org/download/{name}/ along, and name it: FIRMWARE=that.bin"
        )
    return found[0]


def download(name: str, folder: Path):
    """Let mpflash fetch it into `folder`; what it says is kept in a file there."""
    command = [str(build.tool("mpflash")), "download", "--version", MICROPYTHON, "--board", name]
    environment = {**os.environ, "MPFLASH_FIRMWARE": str(folder)}
    with open(folder / "mpflash.log", "w") as log:
        options = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": subprocess.STDOUT, "cwd": folder}
        try:
            subprocess.run(command, env=environment, timeout=_DOWNLOAD_WITHIN_S, **options)
        except subprocess.TimeoutExpired:
            raise FlashError(f"micropython.org did not send it within {_DOWNLOAD_WITHIN_S} s.") from None
