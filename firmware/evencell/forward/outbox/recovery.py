"""Finds what the last run of the firmware left in the outbox (a lazy module)."""

import struct
from binascii import crc32

from evencell.forward.outbox.outbox import AREA_BYTES, RECORDS_AT
from evencell.forward.outbox.record import FEW_CELLS, HEAD_BYTES
from evencell.protocol.jk_balancer import CELL_SLOTS
from evencell.storage.paths import exists


def find(outbox, cells: int) -> tuple[int, int, bool]:
    """Cells of a record, how many records are held, and whether there are records on the flash.

    With 0 `cells` the records have room for all cells if such records are left, else for few.
    """
    storage = outbox.context.board.storage
    count = _held(outbox, cells or CELL_SLOTS)
    if not (cells or count or exists(folder(storage, CELL_SLOTS))):
        return find(outbox, FEW_CELLS)
    is_on_flash = exists(folder(storage, cells or CELL_SLOTS)) or exists(folder(storage, FEW_CELLS))
    return cells or CELL_SLOTS, count, outbox.has_flash and is_on_flash


def has_larger_model(outbox) -> bool:
    """Whether a configured balancer may have more cells than a record has room for."""
    return outbox.cells == FEW_CELLS and any(pack["model"] != "jk_b2a4s" for pack in outbox.context.config["packs"])


def folder(storage: str, cells: int) -> str:
    """The folder on the flash for records with room for so many cells."""
    return "%s/journal%d" % (storage, cells)


def _held(outbox, cells: int) -> int:
    """How many records of this size RTC memory holds."""
    crc, size, count = struct.unpack_from("<IHH", outbox.held)
    end = RECORDS_AT + count * size
    if outbox.rtc is None or size != HEAD_BYTES + 2 * cells or end > AREA_BYTES:
        return 0
    return count if crc == crc32(memoryview(outbox.held)[4:end]) else 0
