"""Holds what a file says against the table, and finds all faults at once."""

from evencell.compat import const
from evencell.system.config_kinds import Choice, List
from evencell.system.config_spec import TABLE
from evencell.system.spelling import nearest

_SECRETS = ("password", "token")
_LONGEST_SHOWN = const(40)


def complete(given: dict, faults: list) -> dict:
    """`given` with every missing or wrong key at its default; a sentence in `faults` for each wrong one."""
    return _complete(TABLE, given, "", faults)


def override(config: dict, overrides: dict, faults: list):
    """Put the values of `overrides`, shaped like the configuration, over those of `config`."""
    for key, value in overrides.items():
        if isinstance(value, dict):
            given = dict(config[key])
            given.update(value)
            config[key] = _complete(TABLE[key], given, key + ".", faults)
        else:
            config[key] = _checked(TABLE[key], value, key, faults)


def reconcile(config: dict, faults: list):
    """What no key can say alone."""
    mqtt = config["mqtt"]
    if mqtt["enabled"] and not mqtt["host"]:
        faults.append("mqtt.host: it is needed where mqtt.enabled is true; MQTT stays off")
        mqtt["enabled"] = False


def _complete(table: dict, given, path: str, faults: list) -> dict:
    if not isinstance(given, dict):
        faults.append("%s: this must be an object { … }" % path[:-1])
        given = {}
    for key in given:
        if key not in table:
            faults.append(_unknown(table, path, key))
    return {key: _value(rule, given, path, key, faults) for key, rule in table.items()}


def _value(rule, given: dict, path: str, key: str, faults: list):
    if isinstance(rule, dict):
        return _complete(rule, given.get(key, {}), path + key + ".", faults)
    value = _checked(rule, given[key], path + key, faults) if key in given else rule.default
    if isinstance(rule, List) and isinstance(value, list):
        return _complete_list(rule, value, path + key, faults)
    return value


def _checked(rule, value, path: str, faults: list):
    """`value` where the rule allows it, else the default."""
    if rule.accepts(value) or (value is None and rule.default is None):
        return value
    text = "%s: %s is not allowed; %s" % (path, _shown(value, path, rule), rule.allowed)
    if isinstance(rule, Choice) and isinstance(value, str):
        text += _did_you_mean(value, rule.words)
    faults.append(text)
    return rule.default


def _complete_list(rule: List, items: list, path: str, faults: list) -> list:
    """Each item completed. One without a name is left out, and so is the later of two with the same."""
    completed = []
    names = []
    for i, item in enumerate(items):
        item = _complete(rule.table, item, "%s[%d]." % (path, i), faults)
        name = item[rule.unique]
        if not name:
            faults.append("%s[%d].%s: it is needed; this one is not used" % (path, i, rule.unique))
            continue
        if name in names:
            faults.append('%s[%d].%s: "%s" is there already; this one is not used' % (path, i, rule.unique, name))
            continue
        names.append(name)
        completed.append(item)
    return completed


def _unknown(table: dict, path: str, key: str) -> str:
    return "%s%s: there is no such key%s" % (path, key, _did_you_mean(key, table))


def _did_you_mean(word: str, words) -> str:
    match = nearest(word, words)
    return '; did you mean "%s"?' % match if match else ""


def _shown(value, path: str, rule) -> str:
    """The value as it may stand in a log: short, and never a password, or what may hold one."""
    if path.split(".")[-1] in _SECRETS or isinstance(rule, List) or isinstance(value, (list, dict)):
        return "(not shown)"
    text = '"%s"' % value if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
