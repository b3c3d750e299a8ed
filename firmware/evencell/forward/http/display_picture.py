"""`/api/v1/display`: the display's canvas as a picture file. Lazy handler."""

from evencell.forward.http.server import Response, error


async def answer(context, _request, load) -> Response:
    """The response (lazy_response.py)."""
    if context.canvas is None:
        return error(404, "this device shows no display")
    content_type, pieces = load("evencell.display.render.netpbm").picture(context.canvas)
    return Response(pieces, content_type)
