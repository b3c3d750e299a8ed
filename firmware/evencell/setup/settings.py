"""What a phone sends in setup mode: checked, and written into `config.json`. Lazy."""

from evencell.compat import const
from evencell.config.load import read_best
from evencell.forward.http.server import RefusalError
from evencell.runtime.lazy import call, lazy
from evencell.storage.files import remove

# Field of the request → key of the configuration.
_KEYS = {
    "name": "name",
    "language": "display.language",
    "network.ssid": "wifi.networks[].ssid",
    "network.password": "wifi.networks[].password",
    "pack.chemistry": "packs[].chemistry",
    "pack.capacity_ah": "packs[].capacity_ah",
    "pack.cells": "packs[].cells",
}
_MAX_NETWORKS = const(8)  # as in config/schema.txt
_PACK = ("chemistry", "capacity_ah", "cells")


def read(context, body: bytes) -> dict:
    """The settings of a request: `password`, `network` (None on a cable), `name`, `language`, `pack`.

    Raises RefusalError with a sentence and its field.
    """
    try:
        found = call("evencell.config.parse", "parse", body)
    except ValueError as fault:
        raise RefusalError(400, "the body is not JSON: %s" % fault)
    given = found[0] if found else {}
    password, network, pack = given.get("password"), given.get("network"), given.get("pack")
    known = given.get("name"), network.get("ssid") if isinstance(network, dict) else None, context.hostname
    fault = call("evencell.forward.http.password_rule", "fault_of", password, known)
    if fault:
        raise RefusalError(400, fault, "password")
    if context.board.wired:
        network = None
    elif not isinstance(network, dict):
        raise RefusalError(400, "a network is needed", "network.ssid")
    else:
        key = network.get("password")
        network = {"ssid": network.get("ssid"), "password": None if key == "" else key}
    if isinstance(pack, dict):
        pack = {key: pack[key] for key in _PACK if key in pack}
    elif pack is not None:
        raise RefusalError(400, "this must be an object { … }", "pack")
    wanted = {"password": password, "network": network, "pack": pack}
    for key in ("name", "language"):
        wanted[key] = given.get(key)
    with lazy("evencell.config.table") as table:
        for field in _KEYS:
            _check(wanted, field, table)
    return wanted


def write(context, wanted: dict, password_hash: str) -> str | None:
    """Write these settings; returns a sentence where that failed.

    It is written twice: else the file before, which stands in for a damaged one, would let an old password log in.
    """
    new = _merged(_given(context), wanted)
    new["auth"] = {"password_hash": password_hash}  # tokens are those of the owner before
    with lazy("evencell.config.edit") as edit:
        try:
            for _ in range(2):
                edit.write(context, new)
        except edit.EditError as error:
            return error.args[0]
    context.key_values.put("wifi_off", None)
    remove(context.board.storage + "/claim")  # boot.py: of a start without a network
    return None


def _check(wanted: dict, field: str, table):
    """Raise RefusalError where the configuration can't have the value of this field.

    By the table of keys alone: all of config/check.py would take more memory than a device without PSRAM has.
    """
    section, dot, key = field.partition(".")
    given = wanted[section]
    if given is None:
        return
    if dot:
        if not isinstance(given, dict):
            raise RefusalError(400, "%s: this must be an object { … }" % section, field)
        given = given.get(key)
        if given is None and key != "ssid":
            return
    rule = next(table.rules(_KEYS[field] + " "))
    if not rule.accepts(given):
        allowed = call("evencell.config.wrong_value", "allowed", rule)
        raise RefusalError(400, "this is not allowed; it is " + allowed, field)


def _given(context) -> dict:
    """What the file has; where it is damaged, the one before, or nothing."""
    return read_best(context.board.config_path, [], [])[0]


def _merged(old: dict, wanted: dict) -> dict:
    """The configuration with these settings, in which the network is the first."""
    new = dict(old)
    if wanted["name"] is not None:
        new["name"] = wanted["name"]
    if wanted["language"] is not None:
        new["display"] = _with(old.get("display"), {"language": wanted["language"]})
    if wanted["pack"] is not None:
        packs = _list(old.get("packs"))
        first = packs[0] if packs else {}
        new["packs"] = [_with(first, wanted["pack"])] + packs[1:]
    network = wanted["network"]
    if network:
        networks = _list(_with(old.get("wifi"), {}).get("networks"))
        others = [each for each in networks if not isinstance(each, dict) or each.get("ssid") != network["ssid"]]
        new["wifi"] = _with(old.get("wifi"), {"networks": [network] + others[: _MAX_NETWORKS - 1]})
        new["wifi"].pop("static", None)  # of the network before
    if new.get("profile") == "display":  # it has no network
        del new["profile"]
    if _with(new.get("http"), {}).get("enabled") is False:
        new["http"] = _with(new["http"], {"enabled": True})
    return new


def _with(section, values: dict) -> dict:
    """A copy of a section with these values; of none where the file has something else there."""
    changed = dict(section) if isinstance(section, dict) else {}
    changed.update(values)
    return changed


def _list(value) -> list:
    return value if isinstance(value, list) else []
