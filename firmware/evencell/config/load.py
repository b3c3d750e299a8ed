"""`config.json`: loading and saving. Every key has a default."""

import os

from evencell.compat import const
from evencell.runtime.lazy import call
from evencell.storage.paths import exists

MAX_BYTES = const(8192)


def load(path: str, overrides: dict | None = None) -> tuple[dict, list[str], list[str]]:
    """Load the whole configuration; returns it, a sentence for each fault, and warnings.

    A key that is wrong or missing has its default. `overrides` (from a command line) replace values of the file.
    Instead of a damaged or empty file the one before it is used.
    """
    faults, warnings = [], []
    given, repeated = read_best(path, faults, warnings)
    if faults and not given:  # it may have said that reading needs a login
        given = {"http": {"public_read": False}}
    override(given, overrides or {})
    config, wrong = call("evencell.config.check", "check", given, repeated)
    if config["power"]["interval_s"] and config["control"]["policy"]["preset"] != "off":
        warnings += call("evencell.config.policy_warning", "warnings", {}, config)
    return config, faults + wrong, warnings


def read(path: str) -> tuple[dict, list[str]] | None:
    """What parse.py makes of the file, None where it is empty; raises OSError, or ValueError with a sentence."""
    size_bytes = os.stat(path)[6]
    if size_bytes > MAX_BYTES:
        raise ValueError("%d bytes are too long, at most %d are read" % (size_bytes, MAX_BYTES))
    with open(path, "rb") as file:
        return call("evencell.config.parse", "parse", file.read())


def read_best(path: str, faults: list, warnings: list) -> tuple[dict, list[str]]:
    """Read the newest undamaged file. `.new` counts only after a power cut between the two renames of edit.py."""
    order = (path, path + ".old") if exists(path) else (path + ".new", path + ".old")
    files = [file for file in order if exists(file)]
    for file in files:
        try:
            found = read(file)
        except (OSError, ValueError) as error:
            why = call("evencell.storage.errors", "reason", error)
            if files == [path + ".new"]:  # the first one of all was never whole: there is no configuration yet
                warnings.append("%s: %s; not used" % (file, why))
                return {}, []
            faults.append("%s: %s" % (file, why))
            continue
        if found is None:
            if len(files) == 1:
                warnings.append("%s is empty: every key has its default" % file)
                return {}, []
            faults.append("%s: the file is empty" % file)
            continue
        if faults:
            faults.append("%s: used instead" % file)
        return found
    if files:
        faults.append("%s: every key has its default" % path)
    return {}, []


def override(given: dict, overrides: dict):
    """Put the values of `overrides`, shaped like the configuration, over those of `given`."""
    for key, value in overrides.items():
        if isinstance(value, dict) and isinstance(given.get(key), dict):
            given[key].update(value)
        else:
            given[key] = value
