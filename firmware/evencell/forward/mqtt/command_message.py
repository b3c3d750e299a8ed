"""A command over MQTT and its result as JSON (docs/api.md)."""

import json
from collections import OrderedDict

from evencell.compat import const
from evencell.forward.mqtt.packets import RETAINED, WAITED
from evencell.pack.settings import CommandError, check_setting, check_writable, find_pack, json_value, value_in
from evencell.runtime.lazy import call, lazy

_MAX_CHARACTERS = const(40)  # of an id, where a UUID has 36, and of a value
_MAX_RECENT = const(8)
_KEYS = ("value", "id", "expires")
_PRESET = "preset"  # of the balance policy, beside the balancer's settings
_PRESETS = "evencell.control.preset"
_ACKNOWLEDGE = "acknowledge"  # a rule or an alarm
_RULES = "evencell.control.rules"
_MAX_VALUE = const(1_000_000)  # beyond any value
_NO_VALUE = "The value of a command is a number, a text, true or false, of at most 40 characters."


async def execute(
    context, place: str, payload, age: int, has_room: bool, recent: list, most: int = _MAX_RECENT
) -> bytes:
    """Carry out the command of the topic `<pack>/set/<name>`; returns the payload of its result.

    `payload` is None if it was too long, `age` that of the message (packets.py). Without `has_room` the command is
    refused. `recent` has the last commands with an id, lists of topic, id, value and error; it grows up to `most`.
    """
    pack_name, _, name = place.split("/")
    result = OrderedDict((("id", None), ("name", name), ("requested", None), ("active", None), ("error", None)))
    try:
        expires = parse(payload, result)
        pack, settings = find_pack(context, pack_name)
        if name == _PRESET:
            result["active"] = call(_PRESETS, "active", context, pack)
        elif name != _ACKNOWLEDGE:
            check_setting(name)  # nothing is remembered of a topic that may be long
            result["active"] = json_value(name, value_in(name, pack.accepted)) if pack.sequence else None
        _check_age(age, expires)
        known = _find(recent, place, result["id"])
        if known:
            if known[2] != result["requested"]:
                raise CommandError(
                    "This id was used with another value, so nothing was written: send it with a new id."
                )
            result["error"] = known[3]
        else:
            value = result["requested"]
            await _carry_out(context, pack, settings, expires, has_room, result)
            _remember(recent, place, value, result)
            del recent[:-most]
    except CommandError as error:
        result["error"] = str(error)
    return json.dumps(result).encode()


async def _carry_out(context, pack, settings: dict, expires, has_room: bool, result: dict):
    """Carry out the command in `result`, which gets its outcome; raises CommandError."""
    name, value = result["name"], result["requested"]
    if name == _PRESET:
        call(_PRESETS, "check", context, pack, settings)
    elif name != _ACKNOWLEDGE:
        check_writable(pack, settings)
    _check_time(context.clock, expires)
    if not has_room:
        raise CommandError("Too many commands at once, so this one was not carried out: send it again.")
    if name == _PRESET:
        result["active"] = call(_PRESETS, "choose", context, pack, value)
    elif name == _ACKNOWLEDGE:
        result["active"] = _acknowledge(context, pack, str(value))
    else:
        _copy(await pack.writer(name, value, "mqtt"), result)


def _acknowledge(context, pack, name: str) -> str:
    """Acknowledge a raised rule or alarm, by its name; raises CommandError."""
    if context.rules is None:
        raise CommandError("No rules are evaluated here: see control.builtin_rules of the configuration.")
    state = context.rules.states[context.hub.packs.index(pack)]
    with lazy(_RULES) as rules:
        try:
            rules.acknowledge(context, context.rules, state, name, "mqtt")
        except rules.RuleError as error:
            raise CommandError(str(error))
    return name


def parse(payload, result: dict):
    """Put id and value of a payload into `result`; returns when it expires, or None. Raises CommandError.

    It is a bare value, or a JSON object with these keys. The id comes first: a refusal of what else is wrong has it.
    """
    if payload is None:
        raise CommandError("A command has at most 256 bytes.")
    given = _given(payload)
    if not isinstance(given, dict):
        given = {"value": given}
    value, ident, expires = [given.get(key) for key in _KEYS]
    if ident is not None and not (_is(ident, (str, int)) and len(str(ident)) <= _MAX_CHARACTERS):
        raise CommandError(
            "The id of a command is a text of at most %d characters, or a whole number." % _MAX_CHARACTERS
        )
    result["id"] = ident
    if "value" not in given or not all(key in _KEYS for key in given):
        raise CommandError("A command has a value, and nothing else but an id and expires.")
    if isinstance(value, str):
        is_value = len(value) <= _MAX_CHARACTERS  # longer than any that is valid
    else:
        is_value = isinstance(value, bool) or (isinstance(value, (int, float)) and abs(value) < _MAX_VALUE)
    if not is_value:
        raise CommandError(_NO_VALUE)
    result["requested"] = value
    # Milliseconds would be seconds far in the future: a command that never expires.
    if expires is not None and not (_is(expires, (int, float)) and expires < 1e11):
        raise CommandError("expires is a time in UNIX seconds.")
    return expires


def _is(value, kinds: tuple) -> bool:
    """Whether it is of one of these, and no bool, which is an int on CPython but not on MicroPython."""
    return isinstance(value, kinds) and not isinstance(value, bool)


def _given(payload):
    """The payload as JSON, or as a text where it is none, such as Home Assistant's ON."""
    with lazy("evencell.storage.strict_json") as strict_json:
        if not strict_json.is_utf8(payload):
            raise CommandError("This is not text.")
        try:
            return strict_json.parse(payload)
        except strict_json.JsonError as error:
            text = str(payload, "utf-8").strip()
            if text[:1] in ("{", "["):
                raise CommandError("This is neither a bare value nor a JSON object: %s." % error)
    if _is_number(text):  # such as nan, or one beyond what JSON may hold
        raise CommandError(_NO_VALUE)
    return text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _check_age(age: int, expires):
    """Raise CommandError for a command that may be old. MQTT says of none when it was published."""
    if age == RETAINED:
        raise CommandError("A retained command is not carried out: publish it without the retain flag.")
    if age == WAITED and expires is None:
        raise CommandError("The command waited while the device was away, and needs expires then: nothing was written.")


def _check_time(clock, expires):
    """Raise CommandError for a command that has expired, or may have."""
    if expires is not None:
        now_s = clock.unix_s()
        if now_s is None:
            raise CommandError(
                "The command expires, and this device does not know the time yet: send it again once it does."
            )
        if now_s > expires:
            raise CommandError("The command came too late, it has expired: send it again.")


def _copy(outcome: dict, result: dict):
    for key in ("requested", "active", "error"):
        result[key] = outcome[key]
    if outcome["warnings"]:
        result["warnings"] = outcome["warnings"]


def _find(recent: list, place: str, ident):
    """The entry of a command with the same topic and id, or None: a broker may deliver it twice."""
    for entry in recent:
        if ident is not None and entry[0] == place and entry[1] == ident:
            return entry
    return None


def _remember(recent: list, place: str, value, result: dict):
    if result["id"] is not None:
        recent.append([place, result["id"], value, result["error"]])
