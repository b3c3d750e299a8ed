"""The keys whose owners may sign updates: `update.keys` of config.json, and that of the build, if it has one. Lazy."""

from binascii import a2b_base64

from evencell.compat import const
from evencell.config.load import read_best
from evencell.storage.data_files import is_there, open_data

MIN_BYTES, MAX_BYTES = const(256), const(512)  # 2,048 to 4,096 bits
RELEASE_KEY = "release_key.txt"  # beside this module: the modulus in base64
_RELEASE = "release"


def known(context) -> list[tuple]:
    """Name and modulus of each key. config.json is read anew: a key that was just added counts."""
    found = []
    path = __file__.rsplit("/", 1)[0] + "/" + RELEASE_KEY
    if is_there(path):
        with open_data(path) as file:
            _add(found, _RELEASE, str(file.read(), "utf-8"))
    section = read_best(context.board.config_path, [], [])[0].get("update")
    entries = section.get("keys") if isinstance(section, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict):
            _add(found, entry.get("name"), entry.get("modulus"))
    return found


def _add(found: list, name, text):
    """Append a key; what the configuration's check refuses, and has named in the log, is left out."""
    try:
        modulus = a2b_base64(text.strip().encode())
    except (AttributeError, ValueError):
        return
    if isinstance(name, str) and MIN_BYTES <= len(modulus) <= MAX_BYTES and modulus[0]:
        found.append((name, modulus))
