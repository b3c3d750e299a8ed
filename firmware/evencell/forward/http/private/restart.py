"""`POST /api/v1/restart`. Lazy handler."""

from evencell.compat import const, sleep_ms
from evencell.forward.http.server import json_response
from evencell.runtime.lazy import call

_DELAY_MS = const(1_000)  # for the response to arrive


async def answer(context, _request, _load):
    """The response (lazy_response.py); the device restarts a second later."""
    context.log.info("http: restart by an owner")
    context.supervisor.start("restart", lambda: _restart(context))
    return json_response({"restart": True}, 202)


async def _restart(context):
    await sleep_ms(_DELAY_MS)
    call("evencell.runtime.boot_state", "restart_by_owner", context)
