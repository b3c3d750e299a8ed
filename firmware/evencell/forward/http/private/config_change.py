"""`PATCH /api/v1/config` and `POST /api/v1/restore`: another configuration. Lazy handler.

Each step is a lazy module: together they would take too much memory.
"""

from evencell.compat import sleep_ms
from evencell.config.edit_error import EditError
from evencell.forward.http.server import json_response
from evencell.runtime.lazy import call, unload

_CHANGE = "evencell.config.change"
_FAULTS = "evencell.config.faults"
_BODY = "evencell.forward.http.private.config_body"


async def answer(context, request, load):
    """The response (lazy_response.py)."""
    is_restore = request.path == "/api/v1/restore"
    try:
        given = await load(_BODY).read(request, is_restore, load)
        unload(_BODY)
        await sleep_ms(0)
        old, new, warnings = call("evencell.forward.http.private.config_wanted", "wanted", context, given, is_restore)
        del given  # no await from here: a password or a token that was set meanwhile would be lost
        if context.config_crc is None:
            result = call("evencell.config.unchecked", "replace", context, old, new)
        else:
            # In this order: MicroPython keeps arguments alive until those of the next call take their places.
            names, new = call(_CHANGE, "begin", old, new, context.board.config_path)
            del old
            result = {}
            try:
                faults = load(_FAULTS).Faults(())
                call("evencell.config.complete", "examine", new, names, faults)
                call("evencell.config.check_changed", "check", context, names, faults)
                faults = None  # it would keep its code in memory
                unload(_FAULTS)
                result = call(_CHANGE, "finish", context, names, new)
            finally:
                if not result:
                    call(_CHANGE, "discard", context)
    except EditError as refusal:
        return call("evencell.forward.http.private.config_refused", "response", refusal.args)
    if "http.public_read" in result["applied"]:
        load("evencell.forward.http.sessions").end_sessionless(context)
    result["warnings"] = warnings + result["warnings"]
    changed = result["applied"] + result["restart"]
    if changed:
        context.log.info("http: the configuration was changed: %s" % ", ".join(changed))
    return json_response(result)
