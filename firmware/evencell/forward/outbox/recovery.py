"""Finds what the last run of the firmware left in the outbox (a lazy module)."""

import struct

from evencell.forward.outbox.record import FEW_CELLS, HEAD_BYTES, count_in
from evencell.protocol.jk_balancer import CELL_SLOTS
from evencell.storage.paths import exists


def find(outbox, cells: int) -> tuple[int, int, bool, bool]:
    """Cells of a record, how many records are held, whether there are records on the flash, and whether a configured
    balancer may have more cells than a record has room for.

    With 0 `cells` the records have room for all cells if such records are left, else for few.
    """
    storage = outbox.context.board.storage
    if outbox.rtc and not cells and _is_damaged(outbox.held):
        outbox.context.log.warning("journal: RTC memory is damaged: the newest readings before this start are lost")
    count = count_in(outbox.held, HEAD_BYTES + 2 * (cells or CELL_SLOTS)) if outbox.rtc else 0
    if not (cells or count or exists(folder(storage, CELL_SLOTS))):
        cells = FEW_CELLS
        count = count_in(outbox.held, HEAD_BYTES + 2 * cells) if outbox.rtc else 0
    cells = cells or CELL_SLOTS
    is_on_flash = exists(folder(storage, cells)) or exists(folder(storage, FEW_CELLS))
    is_small = cells == FEW_CELLS and any(pack["model"] != "jk_b2a4s" for pack in outbox.context.config["packs"])
    return cells, count, outbox.has_flash and is_on_flash, is_small


def _is_damaged(area) -> bool:
    """Whether records were held whose checksum is wrong; after power-on the memory is zero."""
    size, count = struct.unpack_from("<HH", area, 4)
    return count_in(area, size) != count


def folder(storage: str, cells: int) -> str:
    """The folder on the flash for records with room for so many cells."""
    return "%s/journal%d" % (storage, cells)
