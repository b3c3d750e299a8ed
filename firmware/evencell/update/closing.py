"""Ends an upload: the new version starts next, or all stays as it was. Lazy. `upload`: as for opening.py."""

from evencell.compat import const, sleep_ms
from evencell.runtime.lazy import call

_STATE = "evencell.update.state"
_RESTART_MS = const(1_000)  # for the response to arrive


def complete(upload) -> dict:
    """Verify the whole, let it start next, and restart; returns the response.

    The writer's `activate` is the last step: what happens before it changes nothing.
    """
    context, version = upload.context, upload.header["version"]
    call(upload.writer, "finish", upload)
    if not call(_STATE, "begin", context, upload.header, upload.slot, upload.held):
        raise upload.refusal(507, "update.json can't be written: watch the storage on the page")
    call(upload.writer, "activate", upload)
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
    context.heap.shed = 0  # where memory is short, it is shed again
    context.log.warning("update: refused: " + why)
    context.hub.post("update", None, "refused", why)


async def _restart(context):
    await sleep_ms(_RESTART_MS)
    call("evencell.runtime.boot_state", "restart_by_owner", context)
