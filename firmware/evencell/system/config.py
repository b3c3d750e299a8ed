"""`config.json`: one file, every key with a default. It is never half-written, and never half-believed."""

import json
import os

from evencell.compat import const
from evencell.runtime.lazy import lazy
from evencell.system.files import exists, from_json

_LARGEST_BYTES = const(8192)


def load(path: str, overrides: dict | None = None) -> tuple[dict, list[str]]:
    """The whole configuration, and one sentence for each fault found in it.

    A key that is wrong or missing has its default. `overrides` (from a command line) win over the file. A torn or
    empty file gives way to the one before it.
    """
    faults = []
    given = _read_best(path, faults)
    _override(given, overrides or {})
    wrong = []
    with lazy("evencell.system.config_check") as check:  # the table of all keys, and what checks against it
        config = check.complete(given, wrong)
        check.reconcile(config, wrong)
    return config, faults + sorted(wrong)


def save(path: str, config: dict):
    """Write a new file, then rename: at every moment there is a whole configuration, and afterwards the one before."""
    with open(path + ".new", "w") as file:
        json.dump(config, file)
    if exists(path):
        os.rename(path, path + ".old")
    os.rename(path + ".new", path)


def secrets(config: dict) -> list[str]:
    """Every password and token in the configuration, for the log to hide."""
    found = [network["password"] for network in config["wifi"]["networks"]]
    found += [config["mqtt"]["password"], config["influx"]["password"], config["influx"]["token"]]
    return [secret for secret in found if secret]


def _read_best(path: str, faults: list) -> dict:
    """The newest file that is whole. `.new` counts only where a cut hit between the two renames of `save`."""
    order = (path, path + ".old") if exists(path) else (path + ".new", path + ".old")
    files = [file for file in order if exists(file)]
    for file in files:
        try:
            given = read(file, len(files) == 1)
        except (OSError, ValueError) as error:
            faults.append("%s: %s" % (file, error))
            continue
        if faults:
            faults.append("%s: used instead" % file)
        return given
    if files:
        faults.append("%s: every key has its default" % path)
    return {}


def read(path: str, may_be_empty: bool) -> dict:
    """Parsed content; raises ValueError with a sentence where it isn't one JSON object of bearable size."""
    size_bytes = os.stat(path)[6]
    if size_bytes > _LARGEST_BYTES:
        raise ValueError("%d bytes are too long, at most %d are read" % (size_bytes, _LARGEST_BYTES))
    with open(path) as file:
        text = file.read()
    if not text.strip():
        if may_be_empty:
            return {}
        raise ValueError("the file is empty")
    try:
        given = from_json(text)
    except (ValueError, RuntimeError):  # CPython: nested too deeply
        raise ValueError("this is not valid JSON (a comma or quote missing, or the file cut short?)")
    if not isinstance(given, dict):
        raise ValueError("this must be a JSON object: { … }")
    return given


def _override(given: dict, overrides: dict):
    """Put the values of `overrides`, shaped like the configuration, over those of `given`."""
    for key, value in overrides.items():
        if isinstance(value, dict) and isinstance(given.get(key), dict):
            given[key].update(value)
        else:
            given[key] = value
