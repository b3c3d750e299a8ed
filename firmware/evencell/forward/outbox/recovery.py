"""Finds what the last run of the firmware left in the outbox (a lazy module)."""

from evencell.forward.outbox.record import FEW_CELLS, HEAD_BYTES, count_in
from evencell.protocol.jk_balancer import CELL_SLOTS
from evencell.storage.paths import exists


def find(outbox, cells: int) -> tuple[int, int, bool]:
    """Cells of a record, how many records are held, and whether there are records on the flash.

    With 0 `cells` the records have room for all cells if such records are left, else for few.
    """
    storage = outbox.context.board.storage
    count = count_in(outbox.held, HEAD_BYTES + 2 * (cells or CELL_SLOTS)) if outbox.rtc else 0
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
