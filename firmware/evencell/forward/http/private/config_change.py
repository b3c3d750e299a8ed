"""`PATCH /api/v1/config` and `POST /api/v1/restore`: another configuration. Lazy handler.

Each step is a lazy module: together they would take too much memory.
"""

from evencell.compat import const, sleep_ms
from evencell.config.edit_error import EditError
from evencell.forward.http.server import json_response
from evencell.runtime.lazy import call, unload

_MAX_BODY_BYTES = const(8_192)
_MAX_RESTORED_BYTES = const(12_288)  # the largest configuration, encrypted, and its passphrase
_STEP = "evencell.forward.http.private.config_body"
_CIPHER = "evencell.forward.http.backup_cipher"
_BODY = "evencell.forward.http.body"


async def answer(context, request, load):
    """The response (lazy_response.py)."""
    is_restore = request.path == "/api/v1/restore"
    await load(_BODY).read(request, _MAX_RESTORED_BYTES if is_restore else _MAX_BODY_BYTES)
    unload(_BODY)
    await sleep_ms(0)
    try:
        given = call(_STEP, "given", request)
        if is_restore and "encrypted_backup" in given:
            request.body = await load(_CIPHER).decrypt(given)
            unload(_CIPHER)
            given = call(_STEP, "given", request)
        old, new, warnings = call(_STEP, "wanted", context, given, is_restore)
        del given  # no await from here: a password or a token that was set meanwhile would be lost
        result = call("evencell.config.change", "replace", context, old, new)
    except EditError as refusal:
        return _refused(refusal.args)
    if "http.public_read" in result["applied"]:
        load("evencell.forward.http.sessions").end_sessionless(context)
    result["warnings"] = warnings + result["warnings"]
    changed = result["applied"] + result["restart"]
    if changed:
        context.log.info("http: the configuration was changed: %s" % ", ".join(changed))
    return json_response(result)


def _refused(faults):
    body = {"error": faults[0], "faults": list(faults)}
    field, colon, _ = faults[0].partition(": ")
    if colon:
        body["field"] = field
    return json_response(body, 400)
