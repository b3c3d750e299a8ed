"""What a bare chip gets, and where: MicroPython, from its makers or from a file, and our file system."""

import os
import struct
import subprocess
from pathlib import Path

import click

from tools.build import BUILD, tool

MICROPYTHON = "1.27.0"  # the version that `make flash` fetches
_DOWNLOAD_WITHIN_S = 300
_USUAL = {"esp32": "ESP32_GENERIC", "esp32c3": "ESP32_GENERIC_C3", "esp32s3": "ESP32_GENERIC_S3"}
_START = {"esp32": 0x1000, "esp32c3": 0, "esp32s3": 0}
_CHIPS = {0: "esp32", 5: "esp32c3", 9: "esp32s3"}  # numbers in image headers, of esptool's targets
_HEADER = struct.Struct("<B11xH")  # of an image: the sign 0xE9, and further on the chip
_IMAGE_SIGN = 0xE9
_FILE_SYSTEM_START = 0x200000  # MicroPython's partition `vfs` on a flash of 4 MB


class FlashError(click.ClickException):
    """What stands in the way, in one sentence."""


def pieces(board: dict, firmware: Path) -> list[tuple[int, Path]]:
    """Address and file of all that is written; raises FlashError where the file system was not built."""
    file_system = BUILD / board["name"] / "littlefs.bin"
    if not file_system.exists():
        raise FlashError(f"There is no {os.path.relpath(file_system)}. Build it: make build BOARD={board['name']}")
    return [(_START[board["chip"]], firmware), (_FILE_SYSTEM_START, file_system)]


def needed_bytes(written: list[tuple[int, Path]]) -> int:
    """How large the flash must be."""
    return max(address + path.stat().st_size for address, path in written)


def fetch_micropython(board: dict) -> Path:
    """MicroPython for the board, from micropython.org by way of mpflash; raises FlashError."""
    name = board.get("micropython", _USUAL[board["chip"]])
    folder = BUILD / "firmware"
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
    command = [str(tool("mpflash")), "download", "--version", MICROPYTHON, "--board", name]
    environment = {**os.environ, "MPFLASH_FIRMWARE": str(folder)}
    with open(folder / "mpflash.log", "w") as log:
        options = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": subprocess.STDOUT, "cwd": folder}
        try:
            subprocess.run(command, env=environment, timeout=_DOWNLOAD_WITHIN_S, **options)
        except subprocess.TimeoutExpired:
            raise FlashError(f"micropython.org did not send it within {_DOWNLOAD_WITHIN_S} s.") from None


def check_firmware(path: Path, chip: str):
    """Raise FlashError unless `path` is an image for this chip: its header says so."""
    try:
        with open(path, "rb") as file:
            head = file.read(_HEADER.size)
    except OSError as error:
        raise FlashError(f"{path}: {error.strerror}.") from None
    sign, number = _HEADER.unpack(head) if len(head) == _HEADER.size else (0, 0)
    if sign != _IMAGE_SIGN:
        raise FlashError(f"{path} is no firmware of an ESP32. Take a .bin of https://micropython.org/download/")
    if _CHIPS.get(number) != chip:
        raise FlashError(f"{path} is for the chip {_CHIPS.get(number, number)}, and the board has an {chip}.")
