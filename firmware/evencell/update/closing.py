"""Ends an upload: the new version starts next, or all stays as it was. Lazy. `upload`: as for opening.py."""

from evencell.compat import const, sleep_ms
from evencell.runtime.lazy import call

_RESTART_MS = const(1_000)  # for the response to arrive


def complete(upload) -> dict:
    """Restart into the new version; returns the response."""
    context, version = upload.context, upload.header["version"]
    upload.progress["state"] = "confirming"
    text = "evencell %s is complete; restarting" % version
    context.log.info("update: " + text)
    context.hub.post("update", None, "received", text)
    context.supervisor.start("restart", lambda: _restart(context))
    return {"version": version, "slot": upload.slot, "restart": True}


def abandon(upload, why: str):
    """What runs, runs on."""
    context = upload.context
    for file in (upload.file, upload.manifest):
        if file:
            file.close()
    if upload.is_noted:
        call("evencell.update.state", "discard", context)
    context.heap.shed = 0  # where memory is short, it is shed again
    context.log.warning("update: refused: " + why)
    context.hub.post("update", None, "refused", why)


async def _restart(context):
    await sleep_ms(_RESTART_MS)
    call("evencell.runtime.boot_state", "restart_by_owner", context)
