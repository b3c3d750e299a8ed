"""The latest update, kept across restarts in `update.json`. Lazy.

`state`: "confirming" (it may have been left already: boot.py or the boot loader writes nothing here), "confirmed" or
"rolled_back". `slot`: the folder or the partition that it is in. `held`: what has to hold again (conditions.py).
"""

from evencell import __version__
from evencell.storage import state_file

_FILE = "/update.json"


def load(context) -> dict | None:
    """The latest update; None where there is none."""
    return state_file.load_json(context.storage_faults, context.board.storage + _FILE, "update")


def save(context, update: dict) -> bool:
    """Keep it; False where the flash can't be written."""
    return state_file.save_json(context.storage_faults, context.board.storage + _FILE, update)


def begin(context, header: dict, slot: str, held: list) -> bool:
    """Keep what the start after an update needs; False where the flash can't be written."""
    update = {"kind": header["kind"], "version": header["version"], "previous": __version__, "slot": slot, "held": held}
    return save(context, {"state": "confirming", "reason": None} | update)
