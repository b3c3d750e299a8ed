"""A command as it comes over MQTT, and the result that goes back (docs/api.md). In memory only meanwhile."""

import json
from collections import OrderedDict

from evencell.compat import const
from evencell.pack.settings import json_value, value_in
from evencell.protocol.jk_settings import SETTINGS

_LONGEST_ID = const(40)  # a UUID has 36
_IDS_KEPT = const(8)
_KEYS = ("value", "id", "expires")
_LARGEST = const(1_000_000)  # beyond any value; JSON knows no infinity that a result could repeat


async def answer(context, place: str, payload, has_room: bool, carried_out: list) -> bytes:
    """Carry out what came on the topic `<pack>/set/<name>`, and return the result's payload.

    `payload` is None where it was too long to be kept. Without `has_room` the command is refused.
    `carried_out` has the last commands that had an id, with the error of each, and grows up to 8.
    """
    pack_name, _, name = place.split("/")
    result = OrderedDict((("id", None), ("name", name), ("requested", None), ("active", None), ("error", None)))
    try:
        result["requested"], result["id"], expires = parse(payload)
        pack, settings = _pack(context, pack_name)
        result["active"] = _active(pack, name)
        known = _known(carried_out, place, result["id"])
        if known:
            result["error"] = known[1]
        else:
            _admit(context, pack, settings, expires, has_room)
            await _carry_out(pack, name, result)
            _remember(carried_out, place, result)
    except Refused as refusal:
        result["error"] = str(refusal)
    return json.dumps(result).encode()


class Refused(Exception):
    """Nothing is done, and this sentence says why."""


def parse(payload) -> tuple:
    """(value, id, expires) of a payload: a bare value, or a JSON object with these keys; raises `Refused`."""
    if payload is None:
        raise Refused("A command has at most 256 bytes.")
    given = _given(payload)
    if not isinstance(given, dict):
        given = {"value": given}
    if "value" not in given or not all(key in _KEYS for key in given):
        raise Refused("A command has a value, and nothing else but an id and expires.")
    value, ident, expires = [given.get(key) for key in _KEYS]
    if not isinstance(value, (str, bool)) and not (isinstance(value, (int, float)) and abs(value) < _LARGEST):
        raise Refused("The value of a command is a number, a text, true or false.")
    if ident is not None and not (_is(ident, (str, int)) and len(str(ident)) <= _LONGEST_ID):
        raise Refused("The id of a command is a text of at most %d characters, or a whole number." % _LONGEST_ID)
    if expires is not None and not _is(expires, (int, float)):
        raise Refused("expires is a time in UNIX seconds.")
    return value, ident, expires


def _is(value, kinds: tuple) -> bool:
    """Whether it is of one of these, and no bool: CPython counts those among the ints, MicroPython does not."""
    return isinstance(value, kinds) and not isinstance(value, bool)


def _given(payload):
    """What the payload says, as JSON if it is that: Home Assistant's ON is not."""
    try:
        text = str(payload, "utf-8").strip()
    except UnicodeError:
        raise Refused("This is not text.")
    try:
        # MicroPython before 1.26 itself closes the outermost object: here that is a list, without its 0.
        given, _end = json.loads("[%s,0]" % text)
    except ValueError:
        if text[:1] in ("{", "["):
            raise Refused("This is neither a bare value nor a JSON object.")
        return text
    return given


def _pack(context, name: str) -> tuple:
    """The pack of this name, and its entry in the configuration."""
    for pack, settings in zip(context.hub.packs, context.config["packs"]):
        if pack.name == name:
            return pack, settings
    raise Refused("There is no pack of this name.")


def _active(pack, name: str):
    """What the last reading says, or None."""
    return json_value(name, value_in(name, pack.accepted)) if pack.sequence and name in SETTINGS else None


def _admit(context, pack, settings: dict, expires, has_room: bool):
    """Raise `Refused` for a command that may not be carried out, whatever it wants."""
    if not settings["writable"]:
        raise Refused('%s is read-only: set "writable": true in its entry of config.json.' % pack.name)
    if pack.writer is None:
        raise Refused("%s hangs on no line: the faults of the configuration say why." % pack.name)
    if expires is not None:
        now_s = context.clock.unix_s()
        if now_s is None:
            raise Refused("The command expires, and this device does not know the time yet.")
        if now_s > expires:
            raise Refused("The command came too late: it has expired.")
    if not has_room:
        raise Refused("Too many commands at once: this one was not carried out.")


async def _carry_out(pack, name: str, result: dict):
    outcome = await pack.writer(name, result["requested"])
    for key in ("requested", "active", "error"):
        result[key] = outcome[key]
    if outcome["warnings"]:
        result["warnings"] = outcome["warnings"]


def _known(carried_out: list, place: str, ident):
    """The entry of a command that was carried out before: a broker may deliver it twice."""
    for entry in carried_out:
        if ident is not None and entry[0] == (place, ident):
            return entry
    return None


def _remember(carried_out: list, place: str, result: dict):
    if result["id"] is not None:
        carried_out.append(((place, result["id"]), result["error"]))
        if len(carried_out) > _IDS_KEPT:
            carried_out.pop(0)
