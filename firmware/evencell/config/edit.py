"""Edits `config.json` while the device runs: merge, check, write, use what can be used without a restart. Lazy."""

import json

from evencell.compat import const
from evencell.config.load import MAX_BYTES, override, read_best, save
from evencell.runtime.lazy import call, lazy
from evencell.runtime.log import LEVELS

SECRETS = ("password", "token", "ap_password")  # keys of any section; of the section `auth` nothing is ever shown
_AUTH = "auth"
_NAMES = ("ssid", "name")  # keys that distinguish the items of a list
_LIVE = (
    " name http.public_read http.origins log.level mqtt.publish_s time.interval_s time.utc_offset_min time.zone "
    " packs[].chemistry packs[].capacity_ah packs[].cells packs[].temperature_scale "
    " display.brightness display.dim_after_s display.off_after_s display.saver_after_s display.night "
    " display.night_brightness display.dark_on_light display.temperature_unit "
)
_MAX_DEPTH = const(4)


class EditError(Exception):
    """An edit that is refused; `args` are sentences, each with a key in front where one is at fault."""


def set_auth(context, key: str, value) -> str | None:
    """Store a key of the section `auth`, and use it; returns why that failed, or None.

    It is written twice: else the file before, which stands in for a damaged one, would let an old password log in.
    """
    try:
        given = read_given(context)
        if not isinstance(given.get(_AUTH), dict):
            given[_AUTH] = {}
        given[_AUTH][key] = value
        for _ in range(2):
            write(context, given)
    except EditError as error:
        return error.args[0]
    context.config[_AUTH][key] = value
    return None


def read_given(context) -> dict:
    """What the file has; raises EditError where it is damaged."""
    faults = []
    given = read_best(context.board.config_path, faults, [])[0]
    if faults:
        raise EditError("%s: correct config.json first" % faults[0])
    return given


def without_secrets(config: dict) -> dict:
    """A copy whose secrets are true where they are set, and without the section `auth`."""
    return {key: _hidden(key, value) for key, value in without_login(config).items()}


def without_login(config: dict) -> dict:
    """A copy without the section `auth`."""
    return {key: value for key, value in config.items() if key != _AUTH}


def _hidden(key: str, value):
    if key in SECRETS:
        return None if value is None else True
    if isinstance(value, dict):
        return {inner: _hidden(inner, item) for inner, item in value.items()}
    if isinstance(value, list):
        return [_hidden("", item) for item in value]
    return value


def merge(old: dict, patch: dict, missing: list, path: str = "") -> dict:
    """`old` with the values of `patch`: objects are merged, null takes a key away, lists replace lists.

    A secret that is true stays as it was; the paths of those that were not set are appended to `missing`.
    """
    if path.count(".") > _MAX_DEPTH:
        raise EditError("this is nested too deeply")
    merged = dict(old)
    for key, value in patch.items():
        before = merged.get(key)
        if value is None:
            merged.pop(key, None)
        elif key in SECRETS and value is True:
            if not isinstance(before, str):
                missing.append(path + key)
        elif isinstance(value, dict):
            merged[key] = merge(before if isinstance(before, dict) else {}, value, missing, path + key + ".")
        elif isinstance(value, list):
            items = before if isinstance(before, list) else []
            merged[key] = [_item(items, item, missing, "%s%s[%d]." % (path, key, i)) for i, item in enumerate(value)]
        else:
            merged[key] = value
    return merged


def _item(old: list, item, missing: list, path: str):
    """An item of a list, whose secrets are those of the old item of the same name."""
    if not isinstance(item, dict):
        return item
    namesakes = [each for each in old if isinstance(each, dict) and any(_is_same(each, item, key) for key in _NAMES)]
    secrets = {key: namesakes[0][key] for key in SECRETS if namesakes and key in namesakes[0]}
    merged = merge(secrets, item, missing, path)
    for key in secrets:
        if key not in item:
            del merged[key]
    return merged


def _is_same(a: dict, b: dict, key: str) -> bool:
    return key in a and a[key] == b.get(key)


def replace(context, old: dict, new: dict) -> dict:
    """Check `new`, write it in the place of `old`, and use what can be used now; raises EditError.

    Faults that `old` has, too, are no obstacle. Returns `applied` and `restart` (keys) and `warnings`.
    """
    new[_AUTH] = old.get(_AUTH)
    if new[_AUTH] is None:
        del new[_AUTH]
    with lazy("evencell.config.check") as check:
        before, old_faults = check.check(old)
        config, faults = check.check(new)
    wrong = [fault for fault in faults if fault not in old_faults]
    if wrong:
        raise EditError(*wrong)
    write(context, new)
    faults += call("evencell.config.lockout", "warnings", context.board, before, config)
    for each in (before, config):
        override(each, context.board.overrides)  # the command line wins over the file
    applied, restart = [], []
    for path in _changes(before, config, ""):
        (applied if _use(context, config, path) else restart).append(path)
    return {"applied": applied, "restart": restart, "warnings": faults}


def write(context, given: dict):
    """Write the whole file as it is; raises EditError."""
    size = len(json.dumps(given).encode())
    if size > MAX_BYTES:
        raise EditError("the configuration would take %d bytes, at most %d are read" % (size, MAX_BYTES))
    try:
        save(context.board.config_path, given)
    except OSError as error:
        raise EditError(call("evencell.storage.errors", "sentence", "config.json", error))


def _changes(old, new, path: str):
    """Generate the paths of the keys whose values differ."""
    for key in new:
        before, after, place = old.get(key), new[key], path + key
        if isinstance(after, dict) and isinstance(before, dict):
            yield from _changes(before, after, place + ".")
        elif isinstance(after, list) and after and isinstance(after[0], dict) and len(after) == len(before):
            for i in range(len(after)):
                yield from _changes(before[i], after[i], "%s[%d]." % (place, i))
        elif before != after:
            yield place
    for key in old:
        if key not in new:  # a pin that is the board's own again
            yield path + key


def _pattern(path: str) -> str:
    """The path without indices."""
    start = path.find("[")
    return path if start < 0 else path[: start + 1] + path[path.find("]") :]


def _use(context, config: dict, path: str) -> bool:
    """Use a new value from now on; False where it counts after a restart."""
    if path.startswith("update."):  # read from the file for each update
        return True
    if " %s " % _pattern(path) not in _LIVE:
        return False
    section, dot, key = path.partition(".")
    if section.startswith("packs["):
        return _use_of_pack(context, config["packs"], int(section[6:-1]), key)
    source, target = (config[section], context.config.get(section, {})) if dot else (config, context.config)
    value = target[key or section] = source[key or section]
    if path == "log.level":
        context.log.level = LEVELS.index(value)
    elif path == "mqtt.publish_s" and context.outbox:
        context.outbox.max_interval_s = value
    elif section == "display":  # a choice in the menu overrides the old value alone
        choices = dict(context.key_values.get("display") or {})
        if choices.pop(key, None):
            context.key_values.put("display", choices or None)
    return True


def _use_of_pack(context, packs: list, number: int, key: str) -> bool:
    """The same of a pack, unless others run since the start."""
    running, settings = context.config["packs"], packs[number]
    if [pack["name"] for pack in running] != [pack["name"] for pack in packs]:
        return False
    running[number][key] = settings[key]
    if key == "temperature_scale" and number < len(context.hub.packs):  # safe mode has none
        context.hub.packs[number].scale = call("evencell.pack.scale_setting", "scale_of", context, settings)
    return True
