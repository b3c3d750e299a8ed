"""Sentences for keys that the configuration doesn't have, and what they may have been meant to secure. Lazy."""

from evencell.config.spelling import nearest, shown
from evencell.config.table import has, rules

_ANY = "?"  # stands for any key of a section
# What an unknown key may have been meant to secure: its place ("" is the root, None any), whole keys, parts of a key
# in small letters, and the paths that are then in doubt.
_SECURES = (
    (None, ("public_read",), (), ("http.?",)),
    (None, ("tls", "ca", "fingerprint"), (), ("mqtt.tls",)),
    (("", "mqtt."), (), ("tls", "tsl", "ssl", "cert", "secur", "crypt"), ("mqtt.tls",)),
    (("",), (), ("auth", "pass", "priva", "publi", "token", "login"), ("http.?", "wifi.?")),
)
_SECURED = ("wifi", "http", "mqtt")  # sections of which a key may stand at the root by mistake


def about(key: str, known, path: str) -> tuple[str, str, list]:
    """The key as it may be shown, a sentence, and the paths of the keys that may have been meant.

    `known`: the keys that there are at this path. Only a key like those of the table is shown.
    """
    meant = nearest(key, known)
    places = [path + (meant or key), path + _ANY] + _secured_by(key, path, bool(meant))
    text = "there is no such key" + ('; did you mean "%s"?' % meant if meant else "")
    return key if has(key) else shown(key, known), text, places


def _secured_by(key: str, path: str, is_near: bool) -> list[str]:
    """Paths that an unknown key may have been meant to secure. `is_near`: it is like another key of its place."""
    found = []
    for places, keys, parts, secured in _SECURES:
        if (places is None or path in places) and (key in keys or any(part in key.lower() for part in parts)):
            found.extend(secured)
    if not path and not is_near:
        for section in _SECURED:
            if nearest(key, [rule.key[rule.key.rfind(".") + 1 :] for rule in rules(section + ".")]):
                found.append("%s.%s" % (section, _ANY))
    return found
