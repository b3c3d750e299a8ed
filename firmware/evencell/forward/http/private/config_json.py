"""`GET /api/v1/config`: the whole configuration without its secrets. Lazy handler."""

import json

from evencell.config.secrets import AUTH, hidden
from evencell.forward.http.server import JSON_TYPE, Response
from evencell.runtime.lazy import call


async def answer(context, _request, _load):
    """The response (lazy_response.py)."""
    board, faults = context.board, []
    given, repeated = call("evencell.config.load", "read_best", board.config_path, faults, [])
    call("evencell.config.load", "override", given, board.overrides)
    config, wrong = call("evencell.config.check", "check", given, repeated)
    return Response(_pieces(config, faults + wrong, board.pins()), JSON_TYPE)


def _pieces(config: dict, faults: list, pins: dict):
    """Generate the body, a piece for each section: all of it would take too much memory."""
    before = '{"config": {'
    for key in config:
        if key != AUTH:
            yield before + '"%s": %s' % (key, json.dumps(hidden(key, config[key])))
            before = ", "
    yield '}, "faults": %s, "pins": %s}' % (json.dumps(faults), json.dumps(pins))
