"""`/api/v1/crashes`: the failures, newest first. Lazy handler."""

from evencell.forward.http.server import JSON_TYPE, Response


async def answer(context, _request, load) -> Response:
    """The response (lazy_response.py)."""
    return Response(load("evencell.runtime.crash_file").pieces(*context.crashes.kept()), JSON_TYPE)
