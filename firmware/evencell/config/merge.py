"""Merges a change of the configuration into what the file has. Lazy."""

from evencell.compat import const
from evencell.config.edit_error import EditError
from evencell.config.secrets import SECRETS

_NAMES = ("ssid", "name")  # keys that distinguish the items of a list
_MAX_DEPTH = const(4)


def merge(old: dict, patch: dict, missing: list, path: str = "") -> dict:
    """`old` with the values of `patch`: objects are merged, null takes a key away, lists replace lists.

    A secret that is true stays as it was; the paths of those that were not set are appended to `missing`.
    """
    if path.count(".") > _MAX_DEPTH:
        raise EditError("this is nested too deeply")
    merged = dict(old)
    for key, value in patch.items():
        before = merged.get(key)
        if value is None:
            merged.pop(key, None)
        elif key in SECRETS and value is True:
            if not isinstance(before, str):
                missing.append(path + key)
        elif isinstance(value, dict):
            merged[key] = merge(before if isinstance(before, dict) else {}, value, missing, path + key + ".")
        elif isinstance(value, list):
            items = before if isinstance(before, list) else []
            merged[key] = [_item(items, item, missing, "%s%s[%d]." % (path, key, i)) for i, item in enumerate(value)]
        else:
            merged[key] = value
    return merged


def _item(old: list, item, missing: list, path: str):
    """An item of a list, whose secrets are those of the old item of the same name."""
    if not isinstance(item, dict):
        return item
    namesakes = [each for each in old if isinstance(each, dict) and any(_is_same(each, item, key) for key in _NAMES)]
    secrets = {key: namesakes[0][key] for key in SECRETS if namesakes and key in namesakes[0]}
    merged = merge(secrets, item, missing, path)
    for key in secrets:
        if key not in item:
            del merged[key]
    return merged


def _is_same(a: dict, b: dict, key: str) -> bool:
    return key in a and a[key] == b.get(key)
