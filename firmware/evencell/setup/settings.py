"""What a phone sends in setup mode: checked, and written into `config.json`. Lazy."""

from evencell.compat import const
from evencell.config.load import parse, read_best
from evencell.forward.http.server import RefusalError
from evencell.runtime.lazy import lazy

# Path in the configuration → field of the request.
_FIELDS = {
    "name": "name",
    "wifi.networks[0].ssid": "network.ssid",
    "wifi.networks[0].password": "network.password",
    "wifi.networks": "network.ssid",
    "packs[0].chemistry": "pack.chemistry",
    "packs[0].capacity_ah": "pack.capacity_ah",
    "packs[0].cells": "pack.cells",
    "display.language": "language",
}
_MAX_NETWORKS = const(8)  # as in config/schema.py
_PACK = ("chemistry", "capacity_ah", "cells")


def read(context, body: bytes) -> dict:
    """The settings of a request: `password`, `network` (None on a cable), `name`, `language`, `pack`.

    Raises RefusalError with a sentence and its field.
    """
    try:
        found = parse(body)
    except ValueError as fault:
        raise RefusalError(400, "the body is not JSON: %s" % fault)
    given = found[0] if found else {}
    password, network = given.get("password"), given.get("network")
    with lazy("evencell.forward.http.password_rule") as rule:
        fault = rule.fault_of(password)
    if fault:
        raise RefusalError(400, fault, "password")
    if context.board.wired:
        network = None
    elif not isinstance(network, dict):
        raise RefusalError(400, "a network is needed", "network.ssid")
    else:
        network = {"ssid": network.get("ssid"), "password": network.get("password") or None}
    wanted = {"password": password, "network": network, "pack": given.get("pack")}
    for key in ("name", "language"):
        wanted[key] = given.get(key)
    _check(context, wanted)
    return wanted


def write(context, wanted: dict, password_hash: str) -> str | None:
    """Write these settings; returns a sentence where that failed.

    It is written twice: else the file before, which stands in for a damaged one, would let an old password log in.
    """
    old = _given(context)
    new = _merged(old, wanted)
    old["auth"] = {"password_hash": password_hash}  # tokens are those of the owner before
    with lazy("evencell.config.edit") as edit:
        try:
            for _ in range(2):
                edit.replace(context, old, new)
        except edit.EditError as error:
            return error.args[0]
    context.key_values.put("wifi_off", None)
    return None


def _check(context, wanted: dict):
    """Raise RefusalError for the first setting that the configuration can't have."""
    old = _given(context)
    with lazy("evencell.config.check") as check:
        known = check.check(old)[1]
        faults = [fault for fault in check.check(_merged(old, wanted))[1] if fault not in known]
    if faults:
        path, _, text = faults[0].partition(": ")
        raise RefusalError(400, text, _FIELDS.get(path, path))


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
        given = wanted["pack"] if isinstance(wanted["pack"], dict) else {}
        new["packs"] = [_with(first, {key: given[key] for key in _PACK if key in given})] + packs[1:]
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
