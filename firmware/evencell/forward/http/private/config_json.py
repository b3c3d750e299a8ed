"""`GET /api/v1/config`: the whole configuration without its secrets. Lazy handler.

The body is made section by section: all of it would take too much memory.
"""

import json

from evencell.config.secrets import AUTH, hidden
from evencell.forward.http.server import JSON_TYPE, Response
from evencell.runtime.lazy import call


async def answer(context, _request, load):
    """The response (lazy_response.py)."""
    given, faults = call("evencell.config.checked", "read", context), []
    if given is None:
        config, faults = await load("evencell.config.unchecked").read_all(context, load)
        sections = [(key, hidden(key, config[key])) for key in config]
    else:
        for key in given:
            given[key] = hidden(key, given[key])
        sections = load("evencell.config.complete").generate(given)
    return Response(_pieces(sections, faults, context.board.pins()), JSON_TYPE)


def _pieces(sections, faults: list, pins: dict):
    """Generate the body, a piece for each section."""
    before = '{"config": {'
    for key, value in sections:
        if key != AUTH:
            yield before + '"%s": ' % key
            yield json.dumps(value)
            before = ", "
    yield '}, "faults": %s, "pins": %s}' % (json.dumps(faults), json.dumps(pins))
