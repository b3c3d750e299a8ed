"""Reads the body of a request that is longer than the server reads by itself. Lazy."""

import asyncio

from evencell.compat import const, wait_for_ms
from evencell.forward.http.server import RefusalError, read_body

_TIMEOUT_MS = const(5_000)


async def read(request, max_bytes: int) -> bytes:
    """The whole body; raises RefusalError where it is longer than `max_bytes`, late or incomplete."""
    if request.body is None:
        if request.length > max_bytes:
            raise RefusalError(413, "the body takes more than %d bytes" % max_bytes)
        try:
            reading = read_body(request.reader, request.received, request.length)
            request.body = await wait_for_ms(reading, _TIMEOUT_MS)
        except asyncio.TimeoutError:
            raise RefusalError(408, "the body took longer than %d s to arrive" % (_TIMEOUT_MS // 1000))
        except (OSError, EOFError):
            raise RefusalError(400, "the body is incomplete")
    return request.body
