"""`GET /api/v1/update`: what the latest update came to. Lazy handler."""

from evencell.forward.http.server import json_response


async def answer(context, _request, load):
    """The response (lazy_response.py)."""
    return json_response(load("evencell.update.state").status(context))
