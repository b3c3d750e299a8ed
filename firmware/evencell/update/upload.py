"""Begins and ends an upload, and reads the header of its image: the first line, JSON that is signed. Lazy.

`upload`: an object of forward/http/private/update.py, which keeps what lasts. Refusals are its `refusal`, raised. The
format: docs/update.md.
"""

import json
import sys

from evencell import __version__
from evencell.compat import const, sleep_ms
from evencell.runtime.lazy import call

_MAX_BYTES = const(4_194_304)  # more is no image for any of the boards
_SHED_STEPS = const(2)  # of runtime/memory.py: no new event streams, no history
_RESTART_MS = const(1_000)  # for the response to arrive
_FORMAT = const(1)
_HEADER_BYTES = const(512)
_MAX_MANIFEST_BYTES = const(65_536)
_MAX_VERSION = const(32)

_STATE = "evencell.update.state"
_FIRST = {"files": "evencell.update.slot_check", "firmware": "evencell.update.partition_writer"}
_NO_IMAGE = "this is no image of evencell: `make build` and `make firmware` make one"
_OTHER_KIND = {
    "files": "this image is of a firmware, and this device runs evencell from files: send that of `make build`",
    "firmware": "this image is of files, and this device runs evencell's own firmware: send that of `make firmware`",
}


def begin(upload):
    """Refuse what is no image for any device, and on a device that can take none now; else it is being received."""
    context = upload.context
    if upload.left > _MAX_BYTES:
        raise upload.refusal(413, "the body takes more than %d bytes: this is no image of evencell" % _MAX_BYTES)
    if context.update:
        raise upload.refusal(409, "another update is under way: wait until it has ended")
    upload.kind, _, upload.slot = call(_STATE, "place", context.board)
    if not upload.kind:
        raise upload.refusal(409, "evencell is not updated over the air here, but as it was installed")
    upload.allows_downgrade = "downgrade=1" in upload.request.query.split("&")
    context.update = upload.progress = {"state": "receiving", "bytes": 0, "size": upload.left}
    if not context.heap.is_plentiful:
        context.heap.shed = max(context.heap.shed, _SHED_STEPS)


def read(upload, header: bytes):
    """Keep it as `upload.header`; raises `upload.refusal(status, sentence)` where the image is not for this device."""
    try:
        about = json.loads(header)
    except (ValueError, RuntimeError):  # CPython: nested too deeply
        about = None
    if len(header) > _HEADER_BYTES or not isinstance(about, dict) or not _is_whole(about):
        raise upload.refusal(400, _NO_IMAGE)
    _check(upload, about)
    upload.header = about
    upload.writer = _FIRST[upload.kind]
    upload.progress.update({"size": upload.size, "version": about["version"]})


def announce(upload):
    """The writer is prepared: say what is coming."""
    _post(
        upload.context, "receiving", "evencell %s is being received into %s" % (upload.header["version"], upload.slot)
    )


def complete(upload) -> dict:
    """Restart into the new version; returns the response."""
    context, version = upload.context, upload.header["version"]
    upload.progress["state"] = "confirming"
    _post(context, "received", "evencell %s is complete; restarting" % version)
    context.supervisor.start("restart", lambda: _restart(context))
    return {"version": version, "slot": upload.slot, "restart": True}


def abandon(upload, why: str):
    """What runs, runs on."""
    context = upload.context
    for file in (upload.file, upload.manifest):
        if file:
            file.close()
    if upload.is_noted:
        call(_STATE, "discard", context)
    context.heap.shed = 0  # where memory is short, it is shed again
    _post(context, "refused", why)


def _post(context, name: str, text: str):
    context.log.info("update: " + text)
    context.hub.post("update", None, name, text)


async def _restart(context):
    await sleep_ms(_RESTART_MS)
    call("evencell.runtime.boot_state", "restart_by_owner", context)


def _is_whole(about: dict) -> bool:
    """Whether the header is of this format, and has all that an image's needs."""
    if about.get("evencell") != _FORMAT:
        return False
    if any(not isinstance(about.get(key), str) for key in ("kind", "board", "chip", "version", "sha256")):
        return False
    numbers = ("size", "mpy", "manifest") if about["kind"] == "files" else ("size",)
    if any(type(about.get(key)) is not int or about[key] <= 0 for key in numbers):
        return False
    if about["kind"] == "files" and about["manifest"] > min(about["size"], _MAX_MANIFEST_BYTES):
        return False
    return about["kind"] in _OTHER_KIND and len(about["sha256"]) == 64 and _is_version(about["version"])


def _is_version(text: str) -> bool:
    """Whether a version begins with three numbers, and has nothing that a log or a page would have to escape."""
    parts = text.partition("-")[0].split(".")
    is_plain = all(letter in ".-" or letter.isdigit() or letter.isalpha() for letter in text)
    return len(text) <= _MAX_VERSION and len(parts) == 3 and all(map(str.isdigit, parts)) and is_plain


def _check(upload, about: dict):
    """Refuse an image that is not for this device."""
    board = upload.context.board
    if about["kind"] != upload.kind:
        raise upload.refusal(409, _OTHER_KIND[upload.kind])
    for key, own in (("board", board.name), ("chip", board.chip)):
        if about[key] != own:
            text = "this image is for the %s %s, and this device's is %s"
            raise upload.refusal(409, text % (key, about[key][:32], own))
    mpy = sys.implementation._mpy & 0xFF
    if about["kind"] == "files" and about["mpy"] != mpy:
        text = "this image has bytecode of version %d, and this MicroPython runs version %d: `make flash` changes it"
        raise upload.refusal(409, text % (about["mpy"], mpy))
    if order_of(about["version"]) < order_of(__version__) and not upload.allows_downgrade:
        text = "evencell %s is older than %s, which runs here: send it with downgrade=1 if that is meant"
        raise upload.refusal(409, text % (about["version"], __version__))
    if about["size"] != upload.size:
        text = "%d bytes follow the head of this image, and its header says %d: it was cut off, or something was added"
        raise upload.refusal(400, text % (upload.size, about["size"]))


def order_of(version: str) -> tuple:
    """Something to compare versions by; one with a suffix, such as 1.2.0-rc1, comes before that without."""
    numbers, hyphen, suffix = version.partition("-")
    return [int(part) for part in numbers.split(".")], not hyphen, suffix
