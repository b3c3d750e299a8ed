"""`/api/v1/eventlog`: what was written, alarms, rules and policies, oldest first. Lazy handler."""

import json

from evencell.compat import const
from evencell.forward.http.server import JSON_TYPE, Response, error

_MAX_DIGITS = const(9)
_FIELDS = ("time", "kind", "pack", "name", "by", "from", "to", "result", "text")


async def answer(context, request, load) -> Response:
    """The response (lazy_response.py)."""
    name, _, after = request.query.partition("=")
    if request.query and (name != "after" or not after.isdigit() or len(after) > _MAX_DIGITS):
        return error(400, "a query is after=NUMBER, the last event that is known", "after")
    return Response(_pieces(load("evencell.control.event_log").read(context, int(after or 0))), JSON_TYPE)


def _pieces(events):
    yield '{"events": ['
    separator = ""
    for number, fields in events:
        names = ["%s: %s" % (json.dumps(name), json.dumps(field)) for name, field in zip(_FIELDS, fields)]
        yield '%s{"number": %d, %s}' % (separator, number, ", ".join(names))
        separator = ", "
        yield None
    yield "]}"
