"""Holds what a file says against the table, and finds all faults at once."""

from evencell.compat import const
from evencell.system.config_kinds import Rule
from evencell.system.config_spec import TABLE
from evencell.system.spelling import nearest

_SECRETS = ("password", "token")
_LONGEST_SHOWN = const(40)


def complete(given: dict, faults: list) -> dict:
    """`given` with every missing or wrong key at its default; a sentence in `faults` for each wrong one."""
    return _complete("", given, "", faults)


def rules(prefix: str = ""):
    """The rules of the keys that begin so, one after the other."""
    start = 0
    while start < len(TABLE):
        end = TABLE.find("\n", start)
        if TABLE.startswith(prefix, start):
            yield Rule(TABLE[start:end])
        start = end + 1


def reconcile(config: dict, faults: list):
    """What no key can say alone."""
    mqtt = config["mqtt"]
    if mqtt["enabled"] and not mqtt["host"]:
        faults.append("mqtt.host: it is needed where mqtt.enabled is true; MQTT stays off")
        mqtt["enabled"] = False
    for key in ("ca", "fingerprint"):
        if mqtt[key] and not mqtt["tls"]:
            faults.append("mqtt.%s: it counts where mqtt.tls is true; MQTT stays off" % key)
            mqtt["enabled"] = False
    if config["time"]["mqtt"] and not mqtt["enabled"]:
        faults.append("time.mqtt: it needs mqtt.enabled; not used")


def _complete(prefix: str, given, path: str, faults: list) -> dict:
    """The part of the table whose keys begin with `prefix`, at `path` in the file."""
    if not isinstance(given, dict):
        faults.append("%s: this must be an object { … }" % path[:-1])
        given = {}
    completed = {}
    for rule in rules(prefix):
        key, dot, _ = rule.key[len(prefix) :].partition(".")
        if key in completed or "[" in key:
            continue
        if dot:
            completed[key] = _complete(prefix + key + ".", given.get(key, {}), path + key + ".", faults)
        else:
            completed[key] = _value(rule, given.get(key, rule.default), path + key, faults)
    for key in given:
        if key not in completed:
            faults.append("%s%s: there is no such key%s" % (path, key, _did_you_mean(key, completed)))
    return completed


def _value(rule: Rule, value, path: str, faults: list):
    """`value` where the rule allows it, else the default."""
    if not rule.accepts(value):
        text = "%s: %s is not allowed; %s" % (path, _shown(value, path, rule), rule.allowed())
        if rule.kind == "choice" and isinstance(value, str):
            text += _did_you_mean(value, rule.arguments)
        faults.append(text)
        value = rule.default
    if rule.kind == "list" and value is not None:
        return _complete_list(rule, value, path, faults)
    return value


def _complete_list(rule: Rule, items: list, path: str, faults: list) -> list:
    """Each item completed. One without a name is left out, and so is the later of two with the same."""
    completed = []
    names = []
    unique = rule.arguments[2]
    for i, item in enumerate(items):
        item = _complete(rule.key + "[].", item, "%s[%d]." % (path, i), faults)
        name = item[unique]
        if not name:
            faults.append("%s[%d].%s: it is needed; this one is not used" % (path, i, unique))
            continue
        if name in names:
            faults.append('%s[%d].%s: "%s" is there already; this one is not used' % (path, i, unique, name))
            continue
        names.append(name)
        completed.append(item)
    return completed


def _did_you_mean(word: str, words) -> str:
    match = nearest(word, words)
    return '; did you mean "%s"?' % match if match else ""


def _shown(value, path: str, rule: Rule) -> str:
    """The value as it may stand in a log: short, and never a password, or what may hold one."""
    if path.split(".")[-1] in _SECRETS or rule.kind == "list" or isinstance(value, (list, dict)):
        return "(not shown)"
    text = '"%s"' % value if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
