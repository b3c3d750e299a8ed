"""The table of all configuration keys: what each may be, and what it is when nothing is said."""

from evencell.compat import const
from evencell.system.spelling import nearest

MODELS = ("jk_b2a4s", "jk_b2a24s", "jk_b1a24s")
_SECRETS = ("password",)
_LONGEST_SHOWN = const(40)


class Whole:
    """A whole number from `lowest` to `highest`; None too, where that is the default."""

    def __init__(self, default, lowest: int, highest: int):
        self.default = default
        self._range = lowest, highest
        self.allowed = "a whole number from %d to %d" % self._range

    def accepts(self, value) -> bool:
        return type(value) is int and self._range[0] <= value <= self._range[1]


class Number(Whole):
    """Any number in the range."""

    def __init__(self, default, lowest: int, highest: int):
        super().__init__(default, lowest, highest)
        self.allowed = "a number from %d to %d" % self._range

    def accepts(self, value) -> bool:
        return type(value) in (int, float) and self._range[0] <= value <= self._range[1]


class Switch:
    """true or false."""

    allowed = "true or false"

    def __init__(self, default: bool):
        self.default = default

    def accepts(self, value) -> bool:
        return value is True or value is False


class Choice:
    """One of a few words."""

    def __init__(self, default: str, *words: str):
        self.default = default
        self.words = words
        self.allowed = "one of " + ", ".join(words)

    def accepts(self, value) -> bool:
        return value in self.words


class Text:
    """A text of `shortest` to `longest` characters; None too, where that is the default."""

    def __init__(self, default, longest: int, shortest: int = 0):
        self.default = default
        self._lengths = shortest, longest
        self.allowed = "a text of %d to %d characters" % self._lengths

    def accepts(self, value) -> bool:
        return isinstance(value, str) and self._lengths[0] <= len(value) <= self._lengths[1]


class Name(Text):
    """A text that can stand in an MQTT topic and in a path."""

    def __init__(self, default: str, longest: int):
        super().__init__(default, longest, 1)
        self.allowed = "1 to %d letters, digits, _ or -" % longest

    def accepts(self, value) -> bool:
        if not super().accepts(value):
            return False
        return all(c in "_-" or "0" <= c <= "9" or "a" <= c.lower() <= "z" for c in value)


class Topic(Text):
    """An MQTT topic to publish under: no wildcards, no slash at either end."""

    def __init__(self, default: str, longest: int):
        super().__init__(default, longest, 1)
        self.allowed = "a topic of 1 to %d characters without + or #, and no / at its ends" % longest

    def accepts(self, value) -> bool:
        if not super().accepts(value):
            return False
        return not ("+" in value or "#" in value or value[0] == "/" or value[-1] == "/")


class Pins:
    """Pin numbers by name."""

    default = {}
    allowed = 'pins by name, as in {"tx": 17}'

    def accepts(self, value) -> bool:
        return isinstance(value, dict) and all(type(pin) is int for pin in value.values())


class List:
    """`fewest` to `most` objects of one table."""

    def __init__(self, table: dict, fewest: int, most: int, unique: str):
        self.table = table
        self.default = [{}] * fewest
        self.unique = unique
        self._counts = fewest, most
        self.allowed = "a list of %d to %d objects" % self._counts

    def accepts(self, value) -> bool:
        return isinstance(value, list) and self._counts[0] <= len(value) <= self._counts[1]


_PACK = {
    "name": Name("pack1", 24),
    "model": Choice(*MODELS[:1], *MODELS),
    "uart": Whole(None, 0, 2),
    "address": Whole(1, 0, 255),
    "interval_ms": Whole(1000, 0, 86_400_000),
    "timeout_ms": Whole(1000, 100, 10_000),
    "temperature_scale": Choice("auto", "auto", "1", "0.1"),
    "writable": Switch(False),
    "chemistry": Choice("lfp", "lfp", "nmc", "lto", "custom"),
    "capacity_ah": Number(20, 0, 10_000),
}
_NETWORK = {"ssid": Text("", 32, 1), "password": Text(None, 63)}

TABLE = {
    "name": Text("evencell", 32, 1),
    "profile": Choice("full", "full", "display", "telemetry"),
    "packs": List(_PACK, 1, 8, "name"),
    "wifi": {
        "networks": List(_NETWORK, 0, 8, "ssid"),
        "hostname": Name(None, 32),
        "txpower": Number(None, 2, 21),
    },
    "http": {
        "enabled": Switch(True),
        "host": Text("0.0.0.0", 64, 1),
        "port": Whole(80, 1, 65535),
        "public_read": Switch(True),
    },
    "mqtt": {
        "enabled": Switch(False),
        "host": Text("", 64),
        "port": Whole(1883, 1, 65535),
        "user": Text(None, 64),
        "password": Text(None, 128),
        "tls": Switch(False),
        "prefix": Topic("evencell", 32),
        "publish_s": Whole(10, 1, 86_400),
        "retain_state": Switch(False),
        "commands": Switch(False),
        "discovery": Switch(True),
        "discovery_prefix": Topic("homeassistant", 32),
    },
    "display": {
        "driver": Choice("auto", "auto", "none"),
        "brightness": Whole(80, 0, 100),
        "off_after_s": Whole(300, 0, 86_400),
    },
    "log": {"level": Choice("info", "debug", "info", "warning", "error")},
    "pins": Pins(),
}


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
        faults.append("%s: %s is not allowed; it must be an object { … }" % (path[:-1], _shown(given, path)))
        given = {}
    for key in given:
        if key not in table:
            faults.append(_unknown(table, path, key))
    return {key: _value(rule, given, path, key, faults) for key, rule in table.items()}


def _value(rule, given: dict, path: str, key: str, faults: list):
    if isinstance(rule, dict):
        return _complete(rule, given.get(key, {}), path + key + ".", faults)
    value = _checked(rule, given[key], path + key, faults) if key in given else rule.default
    if isinstance(rule, List):
        return _complete_list(rule, value, path + key, faults)
    return value


def _checked(rule, value, path: str, faults: list):
    """`value` where the rule allows it, else the default."""
    if rule.accepts(value) or (value is None and rule.default is None):
        return value
    text = "%s: %s is not allowed; %s" % (path, _shown(value, path), rule.allowed)
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


def _shown(value, path: str) -> str:
    """The value as it may stand in a log: short, and never a password."""
    if path.split(".")[-1] in _SECRETS:
        return "(not shown)"
    text = '"%s"' % value if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
