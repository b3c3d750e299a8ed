"""Checks before a deploy changes anything on a board."""

import re

from evencell.runtime.boot_state import OLDEST_MICROPYTHON
from tools.build.slots import Release
from tools.deploy.board import DeployError
from tools.release.firmware_image import PRODUCT

_SPARE_BLOCKS = 4  # for the small files outside the slots
_FOLDER_BLOCKS = 2  # littlefs keeps each folder in a pair of blocks


def check_board(facts: dict, made_for: str | None, wanted: Release, forced: bool):
    """Raise DeployError where `wanted` can't run there, or was not meant for this device."""
    if facts["machine"].startswith(PRODUCT):  # MICROPY_HW_BOARD_NAME of boards/micropython
        raise DeployError(
            "This device runs evencell's own firmware, which has no slots for files. A newer one is flashed: "
            f"make firmware BOARD={wanted.board}, then make flash"
        )
    chip = chip_of(facts["machine"])
    if chip != wanted.chip:
        raise DeployError(f"This is {facts['machine']}, and the board {wanted.board} has the chip {wanted.chip}.")
    if tuple(facts["version"]) < OLDEST_MICROPYTHON:
        raise DeployError(
            f"Its MicroPython is {dotted(facts['version'])}, and evencell needs {dotted(OLDEST_MICROPYTHON)} or newer. "
            "A newer one comes with: make flash"
        )
    compiled = next(data[1] for path, data in wanted.slot.items() if path.endswith(".mpy"))
    if facts["mpy"] != compiled:
        raise DeployError(
            f"Its MicroPython reads bytecode of version {facts['mpy']}, and this is version {compiled}. "
            "One that fits comes with: make flash"
        )
    if made_for not in (None, wanted.board) and not forced:
        raise DeployError(
            f"This device was made for the board {made_for}, not for {wanted.board}. "
            f"Say BOARD={made_for}, or FORCE=1 if its wiring is another now."
        )


def check_space(facts: dict, arriving: list[int], leaving: list[int], folders: int):
    """Raise DeployError where files of these sizes in bytes do not fit, after those that leave."""
    size = facts["block_bytes"]
    free = facts["free_blocks"] + sum(blocks(count, size) for count in leaving)
    needed = sum(blocks(count, size) for count in arriving) + _FOLDER_BLOCKS * folders + _SPARE_BLOCKS
    if needed > free:
        raise DeployError(
            f"Too little space on its flash: {needed * size // 1024} KiB are needed and {free * size // 1024} KiB "
            "free. Remove files of your own from it, or flash it anew: make flash"
        )


def chip_of(machine: str) -> str:
    """The chip in the words of the board files, from MicroPython's `Generic ESP32 module with ESP32`."""
    found = re.search(r"esp32-?([a-z]\d)?", machine.split(" with ")[-1].lower())
    if found:
        return "esp32" + (found.group(1) or "")
    return "host" if machine.startswith(("linux", "darwin")) else machine


def blocks(size_bytes: int, block_bytes: int) -> int:
    return -(-size_bytes // block_bytes)


def dotted(version) -> str:
    return ".".join(map(str, version))
