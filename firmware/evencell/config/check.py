"""Checks a configuration against the table of keys, and finds all faults at once.

No fault shows a text of the configuration: it may be a password in a wrong place. Shown are numbers where a number
belongs, and what is nearly one of the table's own words. kinds.py and spelling.py are files of their own because
boards/chips.py and the tools use them alone.
"""

from evencell.compat import const
from evencell.config.kinds import Rule, address_of, bare_host
from evencell.config.own_rules import check_rules
from evencell.config.schema import TABLE
from evencell.config.spelling import distance, nearest, shown

_MAX_FAULTS = const(20)
_NETWORKS = "wifi.networks"
_SECURITY = ("tls", "ca", "fingerprint")
_PUBLIC = ("enabled", "host", "public_read")  # of http: with their defaults the page is public
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
_BLANKS = " \t\r\n"  # MicroPython strips these alone, CPython other spaces also
_MAX_EDITS = const(2)  # of a word that is shown
_SHOWN_SYMBOLS = const(2)  # at most, in a row
_SHOWN_BRACKETS = const(6)
_NUMBERS = ("whole", "number")
_MAX_W_INTERVAL_MS = const(5_000)  # a reading decides within seconds whether the balancer stays on
_AS_WRITTEN = ("text", "ssid", "passphrase")  # blanks at the ends belong to these
_JSON_WORDS = ("null", "true", "false")


def check(given: dict, repeated=()) -> tuple[dict, list[str]]:
    """`given` with every missing or wrong key at its default, and a sentence for each wrong one, at most 20.

    `repeated`: paths of keys that the file has twice.
    """
    faults = _Faults(repeated)
    config = _complete("", given, "", faults)
    _check_w(config, faults)
    _reconcile(config, faults)
    _check_power(config, faults)
    check_rules(config["control"], faults, _ANY)
    return config, faults.all()


def rules(prefix: str = ""):
    """The rules of the keys that begin so, one after the other."""
    start = 0
    while start < len(TABLE):
        end = TABLE.find("\n", start)
        if TABLE.startswith(prefix, start):
            yield Rule(TABLE[start:end])
        start = end + 1


def masked(text: str) -> str:
    """A piece of a configuration's text as it may be shown: JSON's characters, and of its words the table's keys."""
    result, word, brackets = "", "", 0
    for i, letter in enumerate(text + " "):
        if letter > " " and letter not in '{}[]:,"' and letter != "\x7f":
            word += letter
            continue
        if word:
            is_key = text[i:].lstrip('" ')[:1] == ":" and _is_in_table(word)
            is_harmless = word in _JSON_WORDS or (len(word) <= _SHOWN_SYMBOLS and all(map(_is_symbol, word)))
            result += word if is_key or is_harmless else "…"
            brackets = 0
        word = ""
        if letter in '" ':
            result += letter
            brackets = 0
        elif letter < " " or letter == "\x7f":
            result += " "
        else:
            brackets += 1
            result += letter if brackets <= _SHOWN_BRACKETS else ""
    return result[:-1]


def _is_symbol(letter: str) -> bool:
    return letter < "\x7f" and not letter.isalpha() and not letter.isdigit()


class _Faults:
    """Sentences, of which 20 are kept with what follows from them; `count` is how many there were.

    `repeated` has the paths of repeated keys.
    """

    def __init__(self, repeated):
        self.repeated = repeated
        self.count = 0
        self._kept = []
        self._meant = []  # the paths of the keys that were meant, or may have been

    def has_room(self) -> bool:
        """Whether the next one is kept."""
        return self.count < _MAX_FAULTS

    def add(self, path: str = "", text: str = "", meant=()):
        """A fault at this path of the configuration; `meant`: of the keys that may have been meant instead."""
        if self.has_room():
            self.add_consequence(path, text)
            self._meant.extend(meant or (path,))
        else:
            self.count += 1

    def add_consequence(self, path: str, text: str):
        """A consequence of faults, which is kept in any case."""
        self._kept.append("%s: %s" % (path, text))
        self.count += 1

    def concern(self, path: str) -> bool:
        """Whether a fault is at this path, or may be."""
        return path in self._meant or self.count > len(self._kept)

    def concern_section(self, section: str, keys) -> bool:
        """Whether a fault is at this section itself, or at one of these keys of it, or may be."""
        return self.concern(section) or any(self.concern("%s.%s" % (section, key)) for key in keys)

    def all(self) -> list[str]:
        """The sentences in order of their paths, and how many more there are."""
        more = self.count - len(self._kept)
        return sorted(self._kept) + (["config.json: and %d more faults" % more] if more else [])


def _reconcile(config: dict, faults: _Faults):
    """Check conditions between keys."""
    mqtt = config["mqtt"]
    # A section is not used if a fault in it gives a key a default that is less secure than what was meant.
    keys = _SECURITY if mqtt["tls"] else _SECURITY + (_ANY,)
    if mqtt["enabled"] and faults.concern_section("mqtt", keys):
        faults.add_consequence(
            "mqtt", "MQTT stays off: with these faults its connection could be less secure than is meant"
        )
        mqtt["enabled"] = False
    is_private = faults.concern_section("http", _PUBLIC + (_ANY,)) or faults.concern_section("auth", (_ANY,))
    if config["http"]["public_read"] and is_private:
        faults.add_consequence("http", "public_read is taken for false: that may be meant")
        config["http"]["public_read"] = False
    wifi = config["wifi"]
    secured = [network for network in wifi["networks"] if network["password"]]
    if len(secured) < len(wifi["networks"]) and faults.concern_section("wifi", [_ANY] + list(wifi)):
        faults.add_consequence("wifi", "networks without a password are not used: with these faults one may be missing")
        wifi["networks"] = secured
    _check_static(wifi["static"], faults)
    _check_access_point(wifi, faults)
    _check_policy(config["control"], faults)
    if mqtt["enabled"] and not mqtt["host"]:
        if not faults.concern("mqtt.host"):
            faults.add("mqtt.host", "it is needed where mqtt.enabled is true; MQTT stays off")
        mqtt["enabled"] = False
    for key in ("ca", "fingerprint"):
        if mqtt[key] and not mqtt["tls"]:
            faults.add("mqtt." + key, "it counts where mqtt.tls is true; MQTT stays off")
            mqtt["enabled"] = False
    for section in ("mqtt", "influx"):
        if config[section]["password"] and config[section]["user"] is None:
            faults.add(section + ".password", "it needs %s.user; not used" % section)
    if config["time"]["mqtt"] and not mqtt["enabled"]:
        faults.add("time.mqtt", "it needs mqtt.enabled; not used")


def _check_power(config: dict, faults: _Faults):
    """A device that sleeps reports over MQTT, and has no use for anything that goes on in between."""
    power = config["power"]
    if not power["interval_s"]:
        return
    if config["profile"] != "telemetry" or not config["mqtt"]["enabled"]:
        faults.add("power.interval_s", "it needs the profile telemetry and mqtt.enabled; the device stays awake")
        power["interval_s"] = 0
    elif config["influx"]["url"] is not None:
        faults.add("influx.url", "a device that sleeps (power.interval_s) reports over MQTT alone; not used")
        config["influx"]["url"] = None


def _check_w(config: dict, faults: _Faults):
    """A W switch that is not described as it was meant is not driven: its resistor decides."""
    w = config["control"]["w"]
    if not w["enabled"]:
        return
    if w["resistor"] is None:
        fault = "resistor", "it is needed: on or off, what the resistor of the W switch makes of the balancer"
    elif len(config["packs"]) > 1:
        fault = "enabled", "there is one W switch, and there are %d packs" % len(config["packs"])
    elif config["packs"][0]["interval_ms"] > _MAX_W_INTERVAL_MS:
        fault = "enabled", "it needs packs[0].interval_ms of at most %d" % _MAX_W_INTERVAL_MS
    elif w["guard_every_s"] < 2 * w["guard_on_s"]:
        fault = "guard_every_s", "it is at least twice control.w.guard_on_s"
    else:
        fault = None
    if fault:
        faults.add("control.w." + fault[0], fault[1] + "; the W switch is not used")
        w["enabled"] = False
    elif faults.concern_section("control.w", [_ANY] + list(w)):
        faults.add_consequence("control", "the W switch is not used")
        w["enabled"] = False


def _check_policy(control: dict, faults: _Faults):
    """A policy that is not as it was meant stays off."""
    policy = control["policy"]
    if policy["preset"] == "off":
        return
    if policy["by"] == "w" and not control["w"]["enabled"]:
        faults.add("control.policy.by", "w needs control.w.enabled; the policy stays off")
        policy["preset"] = "off"
    if policy["preset"] == "custom" and not policy["conditions"] and not faults.concern("control.policy.conditions"):
        faults.add("control.policy.conditions", "custom needs one at least; the policy stays off")
        policy["preset"] = "off"
    for i, condition in enumerate(policy["conditions"]):
        field = condition["field"]
        needed = "trend" if field == "trend" else "span" if field == "time" else "above"
        if condition[needed] is None and (needed != "above" or condition["below"] is None):
            words = "above or below" if needed == "above" else needed
            faults.add("control.policy.conditions[%d].%s" % (i, needed), "%s needs %s" % (field, words))
    if faults.concern_section("control", (_ANY, "policy")):
        faults.add_consequence("control", "the balance policy stays off")
        policy["preset"] = "off"


def _check_access_point(wifi: dict, faults: _Faults):
    """It is never opened without a password."""
    if wifi["fallback_ap"] and not 8 <= len((wifi["ap_password"] or "").encode()) <= 63:
        faults.add("wifi.fallback_ap", "it needs wifi.ap_password, of 8 to 63 bytes; not used")
        wifi["fallback_ap"] = False


def _check_static(static: dict, faults: _Faults):
    """A static address that may be wrong is not used: its owner could not reach the device."""
    address, gateway = static["address"], static["gateway"]
    place = "wifi.static."
    if not address:
        for key in ("gateway", "dns"):
            if static[key] and not faults.concern(place + "address"):
                faults.add(place + key, "it needs wifi.static.address; not used")
        return
    if faults.concern_section("wifi.static", [_ANY] + list(static)):
        faults.add_consequence(
            "wifi.static", "not used, the address comes from DHCP: with these faults it could be wrong"
        )
    elif not gateway:
        faults.add(place + "gateway", "it is needed with wifi.static.address; the address comes from DHCP")
    else:
        hosts = address_of(static["netmask"]) ^ 0xFFFFFFFF
        host = address_of(address) & hosts
        if 0 < host < hosts and address != gateway and address_of(address) ^ host == address_of(gateway) & ~hosts:
            return
        faults.add(place + "address", "it is no other host in the network of the gateway; the address comes from DHCP")
    static["address"] = None


def _complete(prefix: str, given, path: str, faults: _Faults) -> dict:
    """The part of the table whose keys begin with `prefix`, at `path` in the file."""
    if not isinstance(given, dict):
        faults.add(path[:-1], "this must be an object { … }")
        given = {}
    completed = {}
    for rule in rules(prefix):
        key, dot, _ = rule.key[len(prefix) :].partition(".")
        if key in completed or "[" in key:
            continue
        if path + key in faults.repeated:
            faults.add(path + key, "this key is there twice; the last one counts")
        if dot:
            completed[key] = _complete(prefix + key + ".", given.get(key, {}), path + key + ".", faults)
        else:
            completed[key] = _value(rule, given.get(key, rule.default), path + key, faults)
    for key in given:
        if key not in completed:
            if faults.has_room():  # only a key like those of the table is shown
                text, meant = _unknown(key, completed, path)
                faults.add(path + (key if _is_in_table(key) else shown(key, completed)), text, meant)
            else:
                faults.add()
    return completed


def _unknown(key: str, known, path: str) -> tuple[str, list]:
    """The sentence for a key that is not `known` here, and the paths of the keys that may have been meant."""
    meant = nearest(key, known)
    places = [path + (meant or key), path + _ANY] + _secured_by(key, path, bool(meant))
    text = "there is no such key" + ('; did you mean "%s"?' % meant if meant else "")
    return text, places


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


def _is_in_table(word: str) -> bool:
    """Whether it is a key anywhere, or the name of a section."""
    at = TABLE.find(word) if word else -1
    while at >= 0:
        end = at + len(word)
        if TABLE[at - 1 : at] in ("", "\n", ".") and TABLE[end] in " .[":
            return True
        at = TABLE.find(word, end)
    return False


def _value(rule: Rule, value, path: str, faults: _Faults):
    """`value` where the rule allows it, else the default."""
    if isinstance(value, str) and rule.kind not in _AS_WRITTEN:
        value = value.strip(_BLANKS)
    elif rule.kind == "hosts" and isinstance(value, list):
        value = [host.strip(_BLANKS) if isinstance(host, str) else host for host in value]
    if not rule.accepts(value):
        faults.add(path, "%s is not allowed; %s%s" % (_shown(value, rule), rule.allowed(), _hint(value, rule)))
        value = rule.default
    if rule.kind == "pins" and any(repeated.startswith(path + ".") for repeated in faults.repeated):
        faults.add(path, "a pin is there twice; the last one counts")
    if rule.kind == "list" and isinstance(value, list):
        return _complete_list(rule, value, path, faults)
    return value


def _complete_list(rule: Rule, items: list, path: str, faults: _Faults) -> list:
    """Each item completed. One without a name is left out, and so is the later of two with the same."""
    completed = []
    names = []  # of the items, None for those that are not used
    unique = rule.arguments[2]
    for i, item in enumerate(items):
        place = "%s[%d]" % (path, i)
        faults_before = faults.count
        item = _complete(rule.key + "[].", item, place + ".", faults)
        name = item[unique]
        names.append(None)
        if not name:
            faults.add("%s.%s" % (place, unique), "it is needed; this one is not used")
        elif name in names:
            first = "%s[%d].%s" % (path, names.index(name), unique)
            faults.add("%s.%s" % (place, unique), "the same as %s; this one is not used" % first)
        elif rule.key == _NETWORKS and not item["password"] and faults.count > faults_before:
            faults.add(place, "not used: without its password an open network of this name would be joined")
        else:
            names[i] = name
            completed.append(item)
            if item.get("writable") and faults.count > faults_before:
                faults.add(place, "read-only: with these faults another balancer could be set, or beyond its limits")
                item["writable"] = False
    return completed


def _hint(value, rule: Rule) -> str:
    """What to do about a wrong value, as the end of a sentence."""
    if isinstance(value, str):
        if rule.kind == "choice":
            meant = nearest(value, rule.arguments)
        else:
            meant = bare_host(value) if rule.kind == "host" else ""
        if meant:
            return '; did you mean "%s"?' % meant
        return ", without quotes" if rule.kind in _NUMBERS or rule.kind == "switch" else ""
    return ", in quotes" if isinstance(value, (int, float)) and rule.accepts(str(value)) else ""


def _shown(value, rule: Rule) -> str:
    """The value as it may be shown, else what it is."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else "true" if value else "false"
    if isinstance(value, str):
        meant = nearest(value, rule.arguments) if rule.kind == "choice" else None
        if meant and distance(value.lower(), meant) <= _MAX_EDITS:
            return '"%s"' % value
        if "\ufffd" in value:
            return "a text with a damaged character (U+FFFD or half of a surrogate pair)"
        return "a text of %d characters" % len(value)
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "an object"
    return str(value) if rule.kind in _NUMBERS else "a number"
