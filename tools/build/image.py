"""Images of a chip's flash: the file system, and all of it with MicroPython, for one step in the browser."""

import io
import json
import struct
from html import escape
from pathlib import Path

import esptool
from esptool.bin_image import ESP32FirmwareImage
from esptool.logger import log
from esptool.targets import CHIP_DEFS
from littlefs import LittleFS, LittleFSError

from evencell import __version__
from tools.build import partitions
from tools.build.common import BuildError
from tools.build.partitions import BLOCK_BYTES, Partition
from tools.build.slots import FIRST

# MicroPython's own sizes (extmod/vfs_lfs.c, extmod/vfs_lfsx.c), so that the image is as if MicroPython had written it:
# a file that fits into the cache lies in its folder's block. Every MicroPython with littlefs 2 mounts version 2.0.
_READ_BYTES = 32
_CACHE_BYTES = 128
_DISK_VERSION = 0x00020000

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>evencell: flash {board}</title>
<!-- This page loads ESP Web Tools from unpkg.com, a CDN, and runs its code. -->
<script type="module" src="https://unpkg.com/esp-web-tools@10.2.1/dist/web/install-button.js?module"></script>
<h1>evencell {version} for {board}</h1>
<p>{description}</p>
<p><strong>evencell is not a BMS. It disconnects nothing.</strong></p>
<p>Connect the board by USB, with nothing else at its pins. This replaces everything on its flash,
the configuration too. It needs Chrome or Edge on a computer, and the internet: the button comes from unpkg.com.
Unproven on a board.</p>
<esp-web-install-button manifest="web.json">
<span slot="unsupported">This browser has no Web Serial: take Chrome or Edge on a computer.</span>
<span slot="not-allowed">The page must come by https or from this computer.</span>
</esp-web-install-button>
</html>
"""


def littlefs(files: dict[str, bytes], partition: Partition) -> tuple[bytes, int]:
    """A file system with these files, path → content, exactly as large as the partition, else MicroPython won't mount
    it; and how many bytes are free once both slots are full, below 0 where only one has room. Raises BuildError where
    the files don't fit."""
    system = LittleFS(
        block_size=BLOCK_BYTES,
        block_count=partition.size // BLOCK_BYTES,
        read_size=_READ_BYTES,
        prog_size=_READ_BYTES,
        cache_size=_CACHE_BYTES,
        lookahead_size=_READ_BYTES,
        disk_version=_DISK_VERSION,
    )
    empty = system.used_block_count
    slot = {path: content for path, content in files.items() if path.startswith(FIRST + "/")}
    try:
        write(system, slot)
        slot_blocks = system.used_block_count - empty
        write(system, {path: content for path, content in files.items() if path not in slot})
    except LittleFSError as error:
        raise BuildError(f"The files do not fit into {partition.size} bytes of flash: {error}.") from None
    free = (system.block_count - system.used_block_count - slot_blocks) * BLOCK_BYTES
    return bytes(system.context.buffer), free


def write(system: LittleFS, files: dict[str, bytes]):
    """Write these files, path → content. No time goes into the image: it is the same whenever it is made."""
    for name, content in files.items():
        if "/" in name:
            system.makedirs(name.rpartition("/")[0], exist_ok=True)
        with system.open(name, "wb") as file:
            file.write(content)


def whole_micropython(path: Path, board: dict) -> tuple[bytes, Partition]:
    """The MicroPython at `path`, and where on this board's flash it has its file system; raises BuildError."""
    content = load_firmware(path, board["chip"])
    return content, firmware_partition(path, content, board["chip"], partitions.flash_mb(board))


def load_firmware(path: Path, chip: str) -> bytes:
    """A whole MicroPython for this chip, as micropython.org offers it; raises BuildError for anything else."""
    try:
        content = path.read_bytes()
        image = ESP32FirmwareImage(io.BytesIO(content))  # the boot loader, which comes first; all chips' have one form
    except FileNotFoundError:
        raise BuildError(f"{path}: there is no such file; make firmware BOARD=… makes evencell's own.") from None
    except OSError as error:
        raise BuildError(f"{path}: {error.strerror}.") from None
    except (esptool.FatalError, RuntimeError, struct.error, TypeError, IndexError):
        raise BuildError(f"{path} is no firmware of an ESP32: take a .bin from micropython.org/download.") from None
    if image.chip_id != CHIP_DEFS[chip].IMAGE_CHIP_ID:
        raise BuildError(
            f"{path} is for an {chip_name(image.chip_id)}, and the board has an {CHIP_DEFS[chip].CHIP_NAME}."
        )
    if image.checksum != image.calculate_checksum():
        raise BuildError(f"{path} is damaged: its checksum is wrong. Download it again.")
    return content


def start(chip: str) -> int:
    """The address of a whole MicroPython on this chip's flash: its boot loader's."""
    return CHIP_DEFS[chip].BOOTLOADER_FLASH_OFFSET


def chip_name(chip_id: int) -> str:
    """The name of the chip with this number in image headers."""
    names = {chip.IMAGE_CHIP_ID: chip.CHIP_NAME for chip in CHIP_DEFS.values() if hasattr(chip, "IMAGE_CHIP_ID")}
    return names.get(chip_id, f"unknown chip (number {chip_id})")


def firmware_partition(path: Path, firmware: bytes, chip: str, flash_mb: int) -> Partition:
    """Where that MicroPython has its file system; raises BuildError where it has none, or reaches into it."""
    offset = start(chip)
    partition = partitions.in_firmware(firmware, offset, partitions.mib(flash_mb))
    if partition is None:
        raise BuildError(f"{path} holds no partition table: take the whole firmware, not an update (.app-bin).")
    if partition.offset + partition.size > partitions.mib(flash_mb) or partition.size <= 0:
        raise BuildError(f"{path} is for a larger flash than the {flash_mb} MiB of the board.")
    if offset + len(firmware) > partition.offset:
        raise BuildError(f"{path} is too long: it reaches into its own file system.")
    return partition


def merge(firmware: bytes, file_system: bytes, partition: Partition, chip: str) -> bytes:
    """One image for the whole chip, from address 0."""
    log.set_verbosity("silent")
    parts: list = [(start(chip), firmware), (partition.offset, file_system)]
    merged = esptool.merge_bin(parts, chip)
    assert merged is not None  # it writes to no file here
    return merged


def offer_in_browser(folder: Path, board: dict, image: str):
    """Beside the image a manifest of ESP Web Tools and a page with the button."""
    part = {"path": image, "offset": 0}
    web = {
        "name": f"evencell for {board['name']}",
        "version": __version__,
        "builds": [{"chipFamily": CHIP_DEFS[board["chip"]].CHIP_NAME, "parts": [part]}],
    }
    (folder / "web.json").write_text(json.dumps(web, indent=1) + "\n", "ascii")
    texts = {"board": board["name"], "version": __version__, "description": escape(board["description"])}
    (folder / "index.html").write_text(_PAGE.format(**texts), "utf-8")
