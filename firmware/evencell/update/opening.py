"""Begins an upload. Lazy.

`upload`: an object of forward/http/private/update.py, which keeps what lasts. Refusals are its `refusal`, raised.
"""

from evencell.compat import const
from evencell.runtime.lazy import call

_MAX_BYTES = const(4_194_304)  # more is no image for any of the boards
_SHED_STEPS = const(2)  # of runtime/memory.py: no new event streams, no history


def begin(upload):
    """Refuse what is no image for any device, and on a device that can take none now; else it is being received."""
    context = upload.context
    if upload.left > _MAX_BYTES:
        raise upload.refusal(413, "the body takes more than %d bytes: this is no image of evencell" % _MAX_BYTES)
    if context.update:
        raise upload.refusal(409, "another update is under way: wait until it has ended")
    upload.kind, _, upload.slot = call("evencell.update.place", "place", context.board)
    if not upload.kind:
        raise upload.refusal(409, "evencell is not updated over the air here, but as it was installed")
    upload.allows_downgrade = "downgrade=1" in upload.request.query.split("&")
    context.update = upload.progress = {"state": "receiving", "bytes": 0, "size": upload.left}
    if not context.heap.is_plentiful:
        context.heap.shed = max(context.heap.shed, _SHED_STEPS)


def prepare(upload):
    """Prepare the writer of this kind: the head is verified."""
    context = upload.context
    upload.progress.update({"size": upload.size, "version": upload.header["version"]})
    first = "evencell.update.slot_check" if upload.kind == "files" else "evencell.update.partition_writer"
    call(first, "begin", upload)
    text = "evencell %s is being received into %s" % (upload.header["version"], upload.slot)
    context.log.info("update: " + text)
    context.hub.post("update", None, "receiving", text)
