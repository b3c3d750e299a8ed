"""What `GET /api/v1/update` says of the latest update. Lazy."""

from evencell import __version__
from evencell.runtime.lazy import call


def status(context) -> dict:
    """As docs/api.md has it."""
    found = {"state": "idle", "bytes": None, "size": None, "version": None, "previous": None, "reason": None}
    update = context.update or call("evencell.update.state", "load", context)
    if update and (context.update or _counts(update)):
        found.update({key: update[key] for key in found if key in update})
    found["kind"] = call("evencell.update.place", "place", context.board)[0]
    found["keys"] = [name for name, _ in call("evencell.update.keys", "known", context)]
    return found


def _counts(update: dict) -> bool:
    """Whether it is still the latest: another version, which came over USB, has no update."""
    return __version__ == update["previous" if update["state"] == "rolled_back" else "version"]
