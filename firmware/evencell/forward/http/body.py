"""Reads the body of a request: what is longer than the server reads by itself, and JSON. Lazy."""

import asyncio

from evencell.compat import const, wait_for_ms
from evencell.forward.http.server import RefusalError, read_body
from evencell.runtime.lazy import call, lazy

_TIMEOUT_MS = const(5_000)
_MAX_OBJECT_BYTES = const(2_048)
_BOM = b"\xef\xbb\xbf"  # what Windows Notepad writes before UTF-8


async def read(request, max_bytes: int) -> bytes:
    """The whole body; raises RefusalError where it is longer than `max_bytes`, late or incomplete."""
    if request.length > max_bytes:
        raise RefusalError(413, "the body takes more than %d bytes" % max_bytes)
    if request.body is None:
        try:
            reading = read_body(request.reader, request.received, request.length)
            request.body = await wait_for_ms(reading, _TIMEOUT_MS)
        except asyncio.TimeoutError:
            raise RefusalError(408, "the body took longer than %d s to arrive" % (_TIMEOUT_MS // 1000))
        except (OSError, EOFError):
            raise RefusalError(400, "the body is incomplete")
    return request.body


async def read_object(request, max_bytes: int = _MAX_OBJECT_BYTES) -> dict:
    """The JSON object that the body is; raises RefusalError where it is none, by the letter of RFC 8259."""
    data = await read(request, max_bytes)
    if data[:3] == _BOM:
        data = data[3:]
    with lazy("evencell.storage.strict_json") as strict_json:
        if not strict_json.is_utf8(data):
            raise RefusalError(400, "the body is not UTF-8")
        try:
            found = strict_json.parse(data)
        except strict_json.JsonError as error:
            place = call("evencell.storage.json_faults", "position", data, error.at)
            raise RefusalError(400, "the body is not JSON: line %d, column %d: " % place + str(error))
    if not isinstance(found, dict):
        raise RefusalError(400, "the body must be a JSON object: { … }")
    return found
