"""What `make flash` keeps of a device: configuration, history, and all else that is not the firmware's own.

It is read out of the device's file system before anything is written, and goes into the new one. Meanwhile a copy lies
in `build/kept/<MAC>/`: where the write was interrupted, the next one takes it from there.
"""

import hashlib
import json
import os
import shutil
from pathlib import Path, PurePosixPath

from littlefs import LittleFS, LittleFSError, UserContext

from tools.build import partitions
from tools.build.common import BUILD
from tools.build.partitions import BLOCK_BYTES, TABLE_OFFSET, Partition
from tools.build.slots import CONFIG, MANIFEST, OUTSIDE, contents_of
from tools.flash.chip import Chip, FlashError

_SLOTS = ("a", "b")
# What each firmware brings along or makes anew, at the top of the file system; also of one that was installed by mip.
_FIRMWARES = {*_SLOTS, *OUTSIDE, "slot", "boots", "claim", "board.py", "boards", "evencell", "page.html"}
_SIGNS = {CONFIG, "learned.json", *(f"{slot}/{MANIFEST}" for slot in _SLOTS)}  # with one of these it is evencell's
_MICROPYTHONS = {"boot.py"}  # what MicroPython itself puts onto an empty flash
_MAGIC = b"littlefs"  # at byte 8 of one of the first two blocks
_MAGIC_AT = 8
_TABLE_BYTES = 0xC00
_READS_PER_BLOCK = 3_000  # littlefs needs some 40 for a file system that is full

Files = dict[str, bytes]  # path → content


class CannotKeepError(FlashError):
    """What would be deleted, in one sentence."""


class FlashBlocks(UserContext):
    """A partition for littlefs to read; each block when it is needed, for a file system is mostly empty."""

    def __init__(self, chip: Chip, partition: Partition):
        super().__init__(0)
        self._chip, self._offset = chip, partition.offset
        self._blocks: dict[int, bytes] = {}
        self.error: Exception | None = None  # littlefs does not pass it on
        self.is_endless = False
        self._reads_left = _READS_PER_BLOCK * (partition.size // BLOCK_BYTES)

    def block(self, number: int) -> bytes:
        """The content of a block; erased bytes after an error."""
        if number not in self._blocks and self.error is None:
            try:
                self._blocks[number] = self._chip.read(self._offset + number * BLOCK_BYTES, BLOCK_BYTES)
            except Exception as error:
                self.error = error
        return self._blocks.get(number, b"\xff" * BLOCK_BYTES)

    def read(self, cfg, block: int, off: int, size: int) -> bytearray:  # noqa: ARG002 - as littlefs calls it
        """What littlefs asks for; erased bytes once it has asked too often: then damage leads it in circles."""
        self._reads_left -= 1
        if self._reads_left < 0:
            self.is_endless = True
            return bytearray(b"\xff" * size)
        return bytearray(self.block(block)[off : off + size])


def files_to_keep(chip: Chip) -> Files:
    """What to bring back onto the device; nothing where no evencell is on it. Raises CannotKeepError."""
    saved = load(chip.mac)
    try:
        found = files_on(chip)
    except CannotKeepError:
        if saved is None:
            raise
        return saved
    kept = {path: content for path, content in found.items() if PurePosixPath(path).parts[0] not in _FIRMWARES}
    if saved is not None:
        if is_whole(found) and kept != saved:
            raise FlashError(
                f"a flash of this device was interrupted, and by now it holds something else than {shown(chip.mac)}, "
                "which was saved then. Move that folder away to keep what the device holds."
            )
        return saved
    if _SIGNS.isdisjoint(found):
        if foreign := sorted(set(found) - _MICROPYTHONS):
            names = ", ".join(foreign[:3]) + (" and more" if len(foreign) > 3 else "")
            raise CannotKeepError(f"its flash holds files that are not evencell's: {names}.")
        return {}
    return kept


def files_on(chip: Chip) -> Files:
    """Every file of the device; none where its file system is erased. Raises CannotKeepError."""
    partition = partitions.in_table(chip.read(TABLE_OFFSET, _TABLE_BYTES), chip.flash_bytes)
    if partition is None or partition.size <= 0 or partition.offset + partition.size > chip.flash_bytes:
        return {}
    blocks = FlashBlocks(chip, partition)
    heads = [blocks.block(number) for number in (0, 1)]
    if blocks.error is None and not any(head[_MAGIC_AT:].startswith(_MAGIC) for head in heads):
        if all(head.strip(b"\xff") == b"" for head in heads):
            return {}
        raise CannotKeepError("its flash holds data that is not a file system of MicroPython (FAT, SPIFFS or others).")
    try:
        found = _read_all(blocks, partition)
    except LittleFSError:
        found = None
    if blocks.error is not None:
        raise blocks.error
    if found is None or blocks.is_endless:
        raise CannotKeepError("its file system is damaged: configuration and history can't be read.")
    return found


def _read_all(blocks: FlashBlocks, partition: Partition) -> Files:
    count = partition.size // BLOCK_BYTES
    system = LittleFS(context=blocks, block_size=BLOCK_BYTES, block_count=count, mount=False)
    system.mount()
    found = {}
    for place, _, names in system.walk("/"):
        for name in names:
            path = f"{place.strip('/')}/{name}".lstrip("/")
            with system.open(path, "rb") as file:
                found[path] = file.read()
    return found


def is_whole(files: Files) -> bool:
    """Whether one of the slots is as its manifest says: an interrupted write leaves none."""
    return any(_slot_is_whole(files, slot) for slot in _SLOTS)


def _slot_is_whole(files: Files, slot: str) -> bool:
    try:
        wanted = json.loads(files[f"{slot}/{MANIFEST}"])["files"]
    except (KeyError, ValueError, TypeError):
        return False
    return all(
        hashlib.sha256(files.get(f"{slot}/{path}", b"")).hexdigest() == digest for path, (_, digest) in wanted.items()
    )


def save(mac: str, files: Files):
    """Copy the files of a device to this computer, for its owner alone: passwords are in them."""
    discard(mac)
    folder = folder_of(mac)
    new = folder.with_suffix(".new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700, parents=True)
    for path, content in files.items():
        (new / path).parent.mkdir(parents=True, exist_ok=True)
        (new / path).write_bytes(content)
    new.rename(folder)


def load(mac: str) -> Files | None:
    """The copy that an interrupted flash has left; None where there is none."""
    return contents_of(folder_of(mac)) if folder_of(mac).exists() else None


def discard(mac: str):
    """Remove the copy."""
    shutil.rmtree(folder_of(mac), ignore_errors=True)


def folder_of(mac: str) -> Path:
    return BUILD / "kept" / mac


def shown(mac: str) -> str:
    """Where the copy of a device lies, as seen from where make is called."""
    return os.path.relpath(folder_of(mac))
