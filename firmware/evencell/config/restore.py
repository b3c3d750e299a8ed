"""Merges a backup, or a config.json that was kept elsewhere, into what the file has. Lazy."""

from evencell.compat import const
from evencell.config.edit_error import EditError
from evencell.runtime.lazy import call

FORMAT = const(1)  # of a backup
_KEPT = ("auth", "update")  # sections that a restore does not change
_UNREACHABLE = "this file names no network that could be joined; this device would be unreachable after its restart"


def restored(old: dict, given: dict, warnings: list) -> dict:
    """The configuration of a backup, or of a config.json; secrets that are in neither are those of this device.

    A sentence for each secret that has to be entered is appended to `warnings`.
    """
    missing = []
    # Who may log in, and whose updates are run, is not decided by a file that was kept elsewhere.
    given = {key: value for key, value in _content(given).items() if key not in _KEPT}
    if "wifi" in old and "wifi" not in given:
        raise EditError("wifi: " + _UNREACHABLE)
    kept = {key: value for key, value in old.items() if key in given or key in _KEPT}
    new = call("evencell.config.merge", "merge", kept, given, missing)
    for section in new:  # what only `old` had is in no backup
        if isinstance(new[section], dict) and section in given:
            new[section] = {key: value for key, value in new[section].items() if key in given[section]}
    if "pins" in given:  # null is no pin there, not the board's own
        new["pins"] = given["pins"]
    call("evencell.config.restore_limits", "limit", old, new, given, missing, warnings)
    for key in missing:
        warnings.append("%s: it is in no backup, and this device has none: enter it" % key)
    return new


def _content(file: dict) -> dict:
    """The configuration in a backup, or the file itself."""
    if "backup" not in file:
        return file
    if isinstance(file["backup"], int) and file["backup"] > FORMAT:
        raise EditError("backup: it is of a newer version: update the firmware first")
    if file["backup"] is True or file["backup"] != FORMAT or not isinstance(file.get("config"), dict):
        raise EditError("backup: it is damaged; nothing was changed")
    return file["config"]
