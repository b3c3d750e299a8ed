"""Sentences for keys that the configuration doesn't have, and what they may have been meant to secure. Lazy."""

from evencell.config.spelling import nearest, shown
from evencell.config.table import lines, path_of

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


def add(keys: list, known, path: str, faults):
    """Add a fault for each of these keys, in one pass through the table.

    `known`: the keys that there are at this path. Only a key like those of the table is shown.
    """
    meant = [nearest(key, known) for key in keys]
    # Keys at the root that are like none there may stand in a section of their own.
    strangers = [key for key, near in zip(keys, meant) if not near and not path]
    named, secured = set(), []
    for line in lines():
        names = path_of(line)
        named.update([key for key in keys if key and ".%s." % key in names])
        section, _, rest = names[1:-1].partition(".")
        if rest and section in _SECURED:
            last = (rest[rest.rfind(".") + 1 :],)
            secured.extend(
                [(key, section) for key in strangers if (key, section) not in secured and nearest(key, last)]
            )
    for key, near in zip(keys, meant):
        text = "there is no such key" + ('; did you mean "%s"?' % near if near else "")
        places = [path + (near or key), path + _ANY] + _secured_by(key, path)
        places.extend(["%s.%s" % (section, _ANY) for other, section in secured if other == key])
        faults.add(path + (key if key in named else shown(key, near)), text, places)


def _secured_by(key: str, path: str) -> list[str]:
    """Paths that an unknown key may have been meant to secure."""
    found = []
    for places, keys, parts, secured in _SECURES:
        if (places is None or path in places) and (key in keys or any(part in key.lower() for part in parts)):
            found.extend(secured)
    return found
