"""The latest update, kept across restarts in `update.json`. Lazy.

`state`: "confirming" (it may have been left already: boot.py or the boot loader writes nothing here), "confirmed" or
"rolled_back". `slot`: the folder or the partition that it is in. `held`: what has to hold again (conditions.py).
"""

from evencell import __version__
from evencell.storage import state_file
from evencell.storage.files import remove

_FILE = "/update.json"


def load(context) -> dict | None:
    """The latest update; None where there is none."""
    return state_file.load_json(context.storage_faults, context.board.storage + _FILE, "update")


def save(context, update: dict) -> bool:
    """Keep it; False where the flash can't be written."""
    return state_file.save_json(context.storage_faults, context.board.storage + _FILE, update)


def begin(upload):
    """Keep what the start after an upload needs."""
    header = upload.header
    update = {"kind": header["kind"], "version": header["version"], "previous": __version__}
    update.update({"slot": upload.slot, "held": upload.held, "state": "confirming", "reason": None})
    upload.is_noted = True
    if not save(upload.context, update):
        raise upload.refusal(507, "update.json can't be written: watch the storage on the page")


def discard(context):
    """Delete what `begin` has kept: that update does not start."""
    remove(context.board.storage + _FILE)
