"""The keys whose owners may sign updates: `update.keys` of config.json, and that of the build, if it has one. Lazy."""

import json
from binascii import a2b_base64

from evencell.compat import const
from evencell.storage.data_files import is_there, open_data

MIN_BYTES, MAX_BYTES = const(256), const(512)  # 2,048 to 4,096 bits
RELEASE_KEY = "release_key.txt"  # beside this module: the modulus in base64
_RELEASE = "release"
_BOM = b"\xef\xbb\xbf"  # config/load.py skips it, too


def note(upload):
    """Keep the known ones in `upload.keys`."""
    upload.keys = known(upload.context)


def known(context) -> list[tuple]:
    """Name and modulus of each key. config.json is read anew, so that a key counts once it is added.

    What the configuration's check refuses, and has named in the log, is left out. Nothing stands in for a damaged file.
    """
    found = []
    path = __file__.rsplit("/", 1)[0] + "/" + RELEASE_KEY
    if is_there(path):
        with open_data(path) as file:
            _add(found, _RELEASE, str(file.read(), "utf-8"))
    section = _configured(context.board.config_path).get("update")
    entries = section.get("keys") if isinstance(section, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict):
            _add(found, entry.get("name"), entry.get("modulus"))
    return found


def _configured(path: str) -> dict:
    try:
        with open(path, "rb") as file:
            if file.read(len(_BOM)) != _BOM:
                file.seek(0)
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _add(found: list, name, text):
    try:
        modulus = a2b_base64(text.strip().encode())
    except (AttributeError, ValueError):
        return
    if isinstance(name, str) and MIN_BYTES <= len(modulus) <= MAX_BYTES and modulus[0]:
        found.append((name, modulus))
