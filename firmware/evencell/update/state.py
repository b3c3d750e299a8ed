"""The latest update, kept across restarts in `update.json`, and what `GET /api/v1/update` says of it. Lazy.

`state`: "confirming" (it may have been left already: boot.py or the boot loader writes nothing here), "confirmed" or
"rolled_back". `slot`: the folder or the partition that it is in. `held`: what has to hold again (conditions.py).
"""

from evencell import __version__
from evencell.runtime.lazy import call, lazy
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


def status(context) -> dict:
    """As docs/api.md has it."""
    with lazy("evencell.update.keys") as keys:
        names = [name for name, _ in keys.known(context)]
    found = {"state": "idle", "bytes": None, "size": None, "version": None, "previous": None, "reason": None}
    update = context.update or load(context)
    if update and (context.update or _counts(update)):
        found.update({key: update[key] for key in found if key in update})
    found["kind"] = call("evencell.update.place", "place", context.board)[0]
    found["keys"] = names
    return found


def _counts(update: dict) -> bool:
    """Whether it is still the latest: another version, which came over USB, has no update."""
    return __version__ == update["previous" if update["state"] == "rolled_back" else "version"]
