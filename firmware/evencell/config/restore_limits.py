"""What a restored configuration must not have. Lazy, of restore.py."""

from evencell.config.edit_error import EditError
from evencell.config.secrets import SECRETS

_SENT_TO = {"mqtt": "host", "influx": "url"}  # sections with secrets, and the key that says where these are sent
_UNREACHABLE = "this file names no network that could be joined; this device would be unreachable after its restart"


def limit(old: dict, new: dict, given: dict, missing: list, warnings: list):
    """Take out of `new` secrets for other hosts, and what would be open without its secret; raises EditError.

    `missing`: paths of secrets that are in neither file; `warnings`: sentences about others.
    """
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


def _drop_secrets(old, new, given, place: str, path: str, warnings: list):
    """A file that was kept elsewhere must not have this device's secrets sent to another host."""
    if isinstance(old, dict) and isinstance(new, dict) and old.get(place) != new.get(place):
        for key in SECRETS:
            if key in new and given[key] is True:
                del new[key]
                warnings.append(
                    "%s%s: it is in no backup, and the file names another %s%s: enter it" % (path, key, path, place)
                )
