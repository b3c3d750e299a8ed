"""The latest update, kept across restarts in `update.json`, and what `GET /api/v1/update` says of it. Lazy.

`state`: "confirming" (it may have been left already: boot.py or the boot loader writes nothing here), "confirmed" or
"rolled_back". `slot`: the folder or the partition that it is in. `held`: what has to hold again (conditions.py).
"""

import sys

from evencell import __version__
from evencell.runtime.lazy import lazy
from evencell.storage import state_file

_FILE = "/update.json"
_SLOTS = ("a", "b")


def place(board) -> tuple:
    """The kind of image that this device takes, where it runs, and where the next one goes; None each for none."""
    if sys.path[0] in _SLOTS:
        return "files", sys.path[0], _SLOTS[1 - _SLOTS.index(sys.path[0])]
    firmware = board.firmware()
    if firmware and firmware.other:
        return "firmware", firmware.running, firmware.other
    return None, None, None


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


def announce(context, name: str, text: str):
    """Log what an update has come to, and post it as an event of the type `update`."""
    log = context.log.warning if name in ("refused", "rolled_back") else context.log.info
    log("update: " + text)
    context.hub.post("update", None, name, text)


def status(context) -> dict:
    """As docs/api.md has it."""
    with lazy("evencell.update.keys") as keys:
        names = [name for name, _ in keys.known(context)]
    found = {"state": "idle", "bytes": None, "size": None, "version": None, "previous": None, "reason": None}
    update = context.update or load(context)
    if update and (context.update or _counts(update)):
        found.update({key: update[key] for key in found if key in update})
    found["kind"] = place(context.board)[0]
    found["keys"] = names
    return found


def _counts(update: dict) -> bool:
    """Whether it is still the latest: another version, which came over USB, has no update."""
    return __version__ == update["previous" if update["state"] == "rolled_back" else "version"]
