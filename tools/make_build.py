"""`make build`: everything that a board's chip gets, in `build/<board>/`, and a table of it."""

import json
import os
from pathlib import Path

import click

from evencell.system import config_check
from evencell.system.config import read, secrets
from tools import image, partitions
from tools.build import BuildError, board_data, board_names, build, flash_folder
from tools.packages import flash_package
from tools.parts import PROFILES
from tools.slots import CONFIG, files_in

FILE_SYSTEM = "littlefs.bin"
WHOLE_CHIP = "whole.bin"
_FROZEN = '''"""Freezes this build into a MicroPython of your own: docs/frozen.md."""

include("$(PORT_DIR)/boards/manifest.py")
freeze("flash", "main.py")
freeze("flash/a")
'''


@click.command()
@click.option("--board", default="")
@click.option("--profile", default="full")
@click.option("--config", type=click.Path(path_type=Path))
@click.option("--firmware", type=click.Path(path_type=Path))
def main(board: str, profile: str, config: Path | None, firmware: Path | None):
    """What `make build` calls."""
    try:
        data = chosen(board)
        if profile not in PROFILES:
            raise BuildError(f"There is no profile {profile!r}. Take one of: {', '.join(PROFILES)}.")
        for label, text in make(data, profile, config, firmware).items():
            print(f"{label:12} {text}")
    except BuildError as error:
        raise click.ClickException(str(error)) from None


def chosen(board: str) -> dict:
    """The data of this board; raises BuildError where it has no chip to build for."""
    if board:
        data = board_data(board)
        if data["chip"] != "host":
            return data
    names = [f"  {name:24} {board_data(name)['description']}" for name in board_names() if name != "host"]
    first = "host is this computer: make run. Which board is it for?" if board else "Which board is it for?"
    raise BuildError("\n".join([f"{first} make build BOARD=… with one of:", *names]))


def make(board: dict, profile: str, config: Path | None, firmware: Path | None) -> dict[str, str]:
    """Build all of it; returns the lines of the table. Raises BuildError before anything is written where it can."""
    content, private = configuration(config, profile)
    micropython = image.load_firmware(firmware, board["chip"]) if firmware else None
    partition = partition_of(board, firmware, micropython)
    slot = build(board["name"], profile)
    flash = flash_folder(board["name"])
    (flash / CONFIG).write_bytes(content)
    file_system, free = image.littlefs(flash, partition)
    folder = flash.parent
    (folder / FILE_SYSTEM).write_bytes(file_system)
    (folder / "package.json").write_text(flash_package(flash), "ascii")
    (folder / "manifest.py").write_text(_FROZEN, "ascii")
    lines = sizes(slot, profile) | {
        "file system": f"{shown(folder / FILE_SYSTEM)}, {partition.size} bytes for address {partition.offset:#x}",
        "free": f"{free} bytes, with both slots full",
    }
    for name in (WHOLE_CHIP, "web.json", "index.html"):
        (folder / name).unlink(missing_ok=True)  # of an older build
    if micropython:
        (folder / WHOLE_CHIP).write_bytes(image.merge(micropython, file_system, partition, board["chip"]))
        image.offer_in_browser(folder, board, WHOLE_CHIP)
        lines["whole chip"] = f"{shown(folder / WHOLE_CHIP)}, from address 0; index.html offers it in the browser"
    if private:
        lines["private"] = "the images hold the passwords of your configuration: give them to nobody"
    return lines | {"next": f"make flash BOARD={board['name']} PORT=…"}


def partition_of(board: dict, path: Path | None, firmware: bytes | None) -> partitions.Partition:
    """Where the file system goes: what that MicroPython says, or what MicroPython's builds for this flash have."""
    flash_mb = partitions.flash_mb(board)
    if path and firmware:
        return image.firmware_partition(path, firmware, board["chip"], flash_mb)
    return partitions.VFS[flash_mb]


def configuration(path: Path | None, profile: str) -> tuple[bytes, bool]:
    """The content of config.json, and whether passwords are in it; raises BuildError with a sentence for each fault.

    Where the file names no profile, a smaller one than `full` is written into it.
    """
    try:
        given = read(str(path), True) if path else {}
    except (OSError, ValueError) as error:
        raise BuildError(f"{path}: {error.strerror if isinstance(error, OSError) else error}") from None
    faults = []
    whole = config_check.complete(given, faults)
    config_check.reconcile(whole, faults)
    if profile != "full" and given.setdefault("profile", profile) != profile:
        faults.append(f"profile: the build is for {profile}, and this says {given['profile']}")
    if faults:
        raise BuildError("\n".join(f"{path}: {fault}" for fault in sorted(faults)))
    return json.dumps(given, ensure_ascii=False, indent=1).encode(), bool(secrets(whole))


def sizes(slot: Path, profile: str) -> dict[str, str]:
    """The lines of the table on the slot."""
    files = files_in(slot)
    compiled = sum(path.stat().st_size for path in files if path.suffix == ".mpy")
    total = sum(path.stat().st_size for path in files)
    return {"profile": profile, "slot": f"{shown(slot)}, {len(files)} files, {total} bytes, of them .mpy {compiled}"}


def shown(path: Path) -> str:
    """The path as seen from where make is called."""
    return os.path.relpath(path)


if __name__ == "__main__":
    main()
