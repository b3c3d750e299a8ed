"""`/api/v1/config`, `/restore`, and `GET /api/v1/backup`: the configuration without its secrets. Lazy handler."""

import json

from evencell import __version__
from evencell.compat import const, sleep_ms
from evencell.forward.http.server import JSON_TYPE, RefusalError, Response, json_response
from evencell.runtime.lazy import lazy

_FORMAT = const(1)  # of a backup
_MAX_BODY_BYTES = const(8_192)
_MAX_RESTORED_BYTES = const(12_288)  # the largest configuration, encrypted, and its passphrase
_KEPT = ("auth", "update")  # sections that a restore does not change
_SENT_TO = {"mqtt": "host", "influx": "url"}  # sections with secrets, and the key that says where these are sent
_UNREACHABLE = "this file names no network that could be joined; this device would be unreachable after its restart"


async def answer(context, request, load) -> Response:
    """The response (lazy_response.py)."""
    is_reading, is_restore = request.method in ("GET", "HEAD"), request.path == "/api/v1/restore"
    given = {} if is_reading else await _given(request, is_restore, load)
    edit = load("evencell.config.edit")
    await sleep_ms(0)
    try:
        if request.path == "/api/v1/backup":
            return _backup(context, edit)
        if is_reading:
            return _config(context, edit)
        old, missing = edit.read_given(context), []
        if is_restore:
            new = _restored(edit, old, given, missing)
            warnings = ["%s: it is in no backup, and this device has none: enter it" % path for path in missing]
        else:
            if "auth" in given:
                raise edit.EditError("auth: use /api/v1/password and /api/v1/tokens")
            new, warnings = edit.merge(old, given, missing), []
            if missing:
                raise edit.EditError(*["%s: true keeps what is set, and nothing is" % path for path in missing])
        result = edit.replace(context, old, new)
    except edit.EditError as refusal:
        return _refused(refusal.args)
    if "http.public_read" in result["applied"]:
        load("evencell.forward.http.auth").end_sessionless(context)
    result["warnings"] = warnings + result["warnings"]
    context.log.info("http: the configuration was changed: %s" % ", ".join(result["applied"] + result["restart"]))
    return json_response(result)


def _config(context, edit) -> Response:
    with lazy("evencell.config.load") as load:
        config, faults, _ = load.load(context.board.config_path, context.board.overrides)
    body = [b'{"config": {']
    for key, value in edit.without_secrets(config).items():
        separator = b", " if len(body) > 1 else b""
        body.append(separator + ('"%s": %s' % (key, json.dumps(value))).encode())
    rest = '}, "faults": %s, "pins": %s}' % (json.dumps(faults), json.dumps(context.board.pins()))
    return Response(body + [rest.encode()], JSON_TYPE)


def _backup(context, edit) -> Response:
    body = backup(context, edit, edit.without_secrets)
    header = 'Content-Disposition: attachment; filename="evencell-%s.json"\r\n' % context.device_id
    return Response([json.dumps(body).encode()], JSON_TYPE, 200, header)


def backup(context, edit, without) -> dict:
    """A backup of what `without` leaves of the configuration; raises EditError."""
    given = edit.read_given(context)
    with lazy("evencell.config.check") as check:
        config, faults = check.check(given)
    config = without(_accepted(given, config) if faults else given)
    return {"backup": _FORMAT, "firmware": __version__, "config": config}


def _accepted(given, config):
    """What counts of `given`: an unknown key or a wrong value may be a secret in a wrong place."""
    if isinstance(given, dict) and isinstance(config, dict):
        return {key: _accepted(given[key], config[key]) for key in given if key in config}
    return config


def _restored(edit, old: dict, given: dict, missing: list) -> dict:
    """The configuration of a backup, or of a config.json; secrets that are in neither are those of this device."""
    if "backup" in given:
        if given["backup"] is True or given["backup"] != _FORMAT or not isinstance(given.get("config"), dict):
            raise edit.EditError("backup: of a newer version, or damaged; update the firmware first")
        given = given["config"]
    # Who may log in, and whose updates are run, is not decided by a file that was kept elsewhere.
    given = {key: value for key, value in given.items() if key not in _KEPT}
    if "wifi" in old and "wifi" not in given:
        raise edit.EditError("wifi: " + _UNREACHABLE)
    kept = {key: value for key, value in old.items() if key in given or key in _KEPT}
    new = edit.merge(kept, given, missing)
    for section in new:  # what only `old` had is in no backup
        if isinstance(new[section], dict) and section in given:
            new[section] = {key: value for key, value in new[section].items() if key in given[section]}
    if "pins" in given:  # null is no pin there, not the board's own
        new["pins"] = given["pins"]
    for section, key in _SENT_TO.items():
        _drop_secrets(edit, old.get(section), new.get(section), given.get(section), key, section + ".", missing)
    networks = new["wifi"].get("networks") if isinstance(new.get("wifi"), dict) else None
    if isinstance(networks, list):  # without its password an open network of the same name would be joined
        lost = ["wifi.networks[%d]" % i for i in range(len(networks)) if "wifi.networks[%d].password" % i in missing]
        networks = [networks[i] for i in range(len(networks)) if "wifi.networks[%d]" % i not in lost]
        new["wifi"]["networks"] = networks
    if not networks and isinstance(old.get("wifi"), dict) and old["wifi"].get("networks"):
        raise edit.EditError("wifi.networks: " + _UNREACHABLE)
    return new


def _drop_secrets(edit, old, new, given, place: str, path: str, missing: list):
    """A file that was kept elsewhere must not have this device's secrets sent to another host."""
    if isinstance(old, dict) and isinstance(new, dict) and old.get(place) != new.get(place):
        for key in edit.SECRETS:
            if key in new and given[key] is True:
                del new[key]
                missing.append(path + key)


async def _given(request, is_restore: bool, load) -> dict:
    """The object in the body, decrypted where that is needed; raises RefusalError with a sentence."""
    most = _MAX_RESTORED_BYTES if is_restore else _MAX_BODY_BYTES
    given = _parsed(await load("evencell.forward.http.body").read(request, most), load)
    if is_restore and "encrypted_backup" in given:
        request.body = None  # its memory is needed
        cipher = lazy()
        try:
            data = await cipher.load("evencell.forward.http.backup_cipher").decrypt(given)
        finally:
            cipher.unload()
        given = _parsed(data, load)
    return given


def _parsed(data: bytes, load) -> dict:
    """The object in a body; raises RefusalError with a sentence."""
    try:
        found = load("evencell.config.load").parse(data)
    except ValueError as fault:
        raise RefusalError(400, "the body is not a configuration: %s" % fault)
    if found is None:
        raise RefusalError(400, "the body is empty")
    given, repeated = found
    if repeated:
        raise RefusalError(400, "%s: this key is there twice" % repeated[0], repeated[0])
    return given


def _refused(faults) -> Response:
    body = {"error": faults[0], "faults": list(faults)}
    field, colon, _ = faults[0].partition(": ")
    if colon:
        body["field"] = field
    return json_response(body, 400)
