"""`/api/v1/log`: the lines of the log and the events that are still in memory, oldest first. Lazy handler."""

import json

from evencell.compat import const
from evencell.forward.event_json import event_of
from evencell.forward.http.server import JSON_TYPE, Response

_MAX_EVENTS = const(32)
_PIECE_BYTES = const(1024)  # of the log that are in memory as lines


async def answer(context, _request, _load) -> Response:
    """The response (lazy_response.py)."""
    return Response(_pieces(context.log, context.hub), JSON_TYPE)


def _pieces(log, hub):
    yield '{"lines": ['
    separator, at, end = "", 0, log.written
    while at < end:
        lines, at = log.read(at, _PIECE_BYTES)
        for line in lines:
            seconds, level, text = line.split(" ", 2)
            yield separator + json.dumps({"uptime_s": int(seconds), "level": level, "text": text})
            separator = ", "
        yield None
    yield '], "events": ['
    separator = ""
    for number in range(max(0, hub.posted - _MAX_EVENTS), hub.posted):
        event = hub.event(number)  # None where it was overwritten
        if event:
            yield separator + json.dumps(event_of(event))
            separator = ", "
    yield "]}"
