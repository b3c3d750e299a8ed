"""Merges a backup, or a config.json that was kept elsewhere, into what the file has. Lazy."""

from evencell.compat import const
from evencell.config.edit_error import EditError
from evencell.config.merge import merge
from evencell.config.secrets import SECRETS

FORMAT = const(1)  # of a backup
_KEPT = ("auth", "update")  # sections that a restore does not change
_SENT_TO = {"mqtt": "host", "influx": "url"}  # sections with secrets, and the key that says where these are sent
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
    new = merge(kept, given, missing)
    for section in new:  # what only `old` had is in no backup
        if isinstance(new[section], dict) and section in given:
            new[section] = {key: value for key, value in new[section].items() if key in given[section]}
    if "pins" in given:  # null is no pin there, not the board's own
        new["pins"] = given["pins"]
    for section, key in _SENT_TO.items():
        _drop_secrets(old.get(section), new.get(section), given.get(section), key, section + ".", warnings)
    if "wifi.ap_password" in missing:  # the access point never opens without one
        new["wifi"].pop("fallback_ap", None)
    networks = new["wifi"].get("networks") if isinstance(new.get("wifi"), dict) else None
    if isinstance(networks, list):  # without its password an open network of the same name would be joined
        lost = ["wifi.networks[%d]" % i for i in range(len(networks)) if "wifi.networks[%d].password" % i in missing]
        networks = [networks[i] for i in range(len(networks)) if "wifi.networks[%d]" % i not in lost]
        new["wifi"]["networks"] = networks
    if not networks and isinstance(old.get("wifi"), dict) and old["wifi"].get("networks"):
        raise EditError("wifi.networks: " + _UNREACHABLE)
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


def _drop_secrets(old, new, given, place: str, path: str, warnings: list):
    """A file that was kept elsewhere must not have this device's secrets sent to another host."""
    if isinstance(old, dict) and isinstance(new, dict) and old.get(place) != new.get(place):
        for key in SECRETS:
            if key in new and given[key] is True:
                del new[key]
                warnings.append(
                    "%s%s: it is in no backup, and the file names another %s%s: enter it" % (path, key, path, place)
                )
