"""Completes a configuration by the table of keys, section by section. Lazy, of check.py."""

from evencell.config.table import rules_in, sections
from evencell.runtime.lazy import call

_BLANKS = " \t\r\n"  # MicroPython strips these alone, CPython other spaces also
_AS_WRITTEN = ("text", "ssid", "passphrase")  # blanks at the ends belong to these


def complete(given, faults, names=None) -> dict:
    """`given` with every missing or wrong key at its default; adds to `faults` (check.py). `names`: of sections.

    Without `faults` no value is checked: all of them are known to be right.
    """
    completed = {}
    for _ in steps(given, faults, completed, names):
        pass
    return completed


def steps(given, faults, completed: dict, names=None):
    """The same into `completed`, a section before each None that is generated: other tasks may run there."""
    given = _object(given, "", faults)
    for _, section in sections(names):
        if section:
            _fill(completed, section, "", given, "", faults)
            yield None
    if faults:
        _refuse_others(given, completed, "", faults)


def examine(given: dict, names, faults):
    """Add the faults of the sections of these names, of which nothing is kept."""
    known = []
    for name, section in sections(names):
        known.append(name)
        if section:
            _fill({}, section, "", given, "", faults)
    _refuse_others(names, known, "", faults)


def generate(given: dict):
    """Generate name and value of each section of a configuration whose values are all known to be right.

    What is done is taken out of `given`.
    """
    for name, section in sections():
        completed = {}
        _fill(completed, section, "", given, "", None)
        given.pop(name, None)
        yield name, completed[name]


def complete_part(section: list, prefix: str, given, path: str, faults) -> dict:
    """The part of a section whose keys begin with `prefix`, at `path` in the file."""
    given = _object(given, path, faults)
    completed = {}
    _fill(completed, section, prefix, given, path, faults)
    if faults:
        _refuse_others(given, completed, path, faults)
    return completed


def _object(given, path: str, faults) -> dict:
    if isinstance(given, dict):
        return given
    faults.add(path[:-1], "this must be an object { … }")
    return {}


def _fill(completed: dict, section: list, prefix: str, given: dict, path: str, faults):
    """Put the keys of a section that begin with `prefix` into `completed`."""
    for rule in rules_in(section, prefix):
        key, dot, _ = rule.key[len(prefix) :].partition(".")
        if key in completed or "[" in key:
            continue
        if faults and path + key in faults.repeated:
            faults.add(path + key, "this key is there twice; the last one counts")
        if dot:
            completed[key] = complete_part(section, prefix + key + ".", given.get(key, {}), path + key + ".", faults)
        elif key in given or rule.kind == "list":
            completed[key] = _value(section, rule, given.get(key, rule.default), path + key, faults)
        else:
            completed[key] = rule.default


def _refuse_others(given, completed, path: str, faults):
    """Add a fault for each key that there is not."""
    others = [key for key in given if key not in completed]
    kept = others[: faults.room()]
    if kept:
        call("evencell.config.unknown_key", "add", kept, completed, path, faults)
    for _ in others[len(kept) :]:
        faults.add()


def _value(section: list, rule, value, path: str, faults):
    """`value` where the rule allows it, else the default."""
    if isinstance(value, str) and rule.kind not in _AS_WRITTEN:
        value = value.strip(_BLANKS)
    elif rule.kind == "hosts" and isinstance(value, list):
        value = [host.strip(_BLANKS) if isinstance(host, str) else host for host in value]
    if not faults:
        if rule.kind == "list":
            return [complete_part(section, rule.key + "[].", item, "", None) for item in value]
        return value
    if not rule.accepts(value):
        faults.add(path, call("evencell.config.wrong_value", "sentence", rule, value) if faults.room() else "")
        value = rule.default
    if rule.kind == "pins" and any(repeated.startswith(path + ".") for repeated in faults.repeated):
        faults.add(path, "a pin is there twice; the last one counts")
    if rule.kind == "list" and isinstance(value, list):
        return call("evencell.config.complete_list", "complete_list", section, rule, value, path, faults)
    return value
