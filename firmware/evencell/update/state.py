"""The latest update, kept across restarts in `update.json`, and where the next one goes. Lazy.

`state`: "confirming" (it may have been left already: boot.py or the boot loader writes nothing here), "confirmed" or
"rolled_back". `slot`: the folder or the partition that it is in. `held`: what has to hold again (conditions.py).
`is_reported`: false while the outcome waits for the next report of a device that sleeps.
"""

import sys

from evencell import __version__
from evencell.runtime.lazy import call
from evencell.storage.files import remove
from evencell.storage.paths import exists

_FILE = "/update.json"
_STATE_FILE = "evencell.storage.state_file"
_SLOTS = ("a", "b")


def load(context) -> dict | None:
    """The latest update; None where there is none."""
    return call(_STATE_FILE, "load_json", context.storage_faults, context.board.storage + _FILE, "update")


def save(context, update: dict) -> bool:
    """Keep it; False where the flash can't be written."""
    return call(_STATE_FILE, "save_json", context.storage_faults, context.board.storage + _FILE, update)


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


def place(board) -> tuple:
    """The kind of image that this device takes, where it runs, and where the next one goes; None each for none."""
    if sys.path[0] in _SLOTS:
        return "files", sys.path[0], _SLOTS[1 - _SLOTS.index(sys.path[0])]
    firmware = board.firmware()
    if firmware and firmware.other:
        return "firmware", firmware.running, firmware.other
    return None, None, None


def status(context) -> dict:
    """As docs/api.md has it."""
    found = {"state": "idle", "bytes": None, "size": None, "version": None, "previous": None, "reason": None}
    update = context.update or load(context)
    if update and (context.update or _counts(update)):
        found.update({key: update[key] for key in found if key in update})
    found["kind"] = place(context.board)[0]
    found["keys"] = [name for name, _ in call("evencell.update.keys", "known", context)]
    return found


def outcome_of(update: dict) -> str:
    """The sentence about an update that has ended."""
    return update["reason"] or "evencell %s is confirmed" % update["version"]


def why_rolled_back(context) -> str:
    """The same of the latest update if it was rolled back, else ""."""
    update = load(context) if exists(context.board.storage + _FILE) else None  # most devices have none
    return outcome_of(update) if update and update["state"] == "rolled_back" and _counts(update) else ""


def _counts(update: dict) -> bool:
    """Whether it is still the latest: another version, which came over USB, has no update."""
    return __version__ == update["previous" if update["state"] == "rolled_back" else "version"]
