"""`/api/v1/history`: checks the request. Lazy handler; history_json.py makes the text."""

from evencell.compat import sleep_ms
from evencell.forward.http.server import JSON_TYPE, Response, error, no_memory
from evencell.runtime.lazy import unload

_SPANS = {"1h": (3600, 60), "24h": (86_400, 60), "30d": (2_592_000, 900)}  # span and step, s
# In this order: what a module imports stands before it. Other tasks run in between.
_MODULES = (
    "evencell.storage.record_ring",
    "evencell.history.store",
    "evencell.history.fold",
    "evencell.forward.http.history_json",
)


async def answer(context, request, load) -> Response:
    """The response (lazy_response.py)."""
    unload(__name__)  # its code is needed no more, its memory is
    keeper = context.history
    if keeper is None:
        return error(404, "no history is kept: history.enabled is false, or the profile has none")
    if not context.heap.allows("history"):
        return no_memory()
    try:
        name, span = _parse(request.query)
    except ValueError:
        return error(400, "a query is pack=NAME&span=1h, 24h or 30d")
    found = [history for history in keeper.histories if name in (None, history.pack.name)]
    if not found:
        return error(404, "no history of this pack: no such name, or the flash is full (see the log)", "pack")
    if span not in _SPANS:
        return error(400, "span is 1h, 24h or 30d", "span")
    for module in _MODULES:
        load(module)
        await sleep_ms(0)
    text = load(_MODULES[-1]).pieces(context, found[0], span, _SPANS[span], load)
    return Response(text, JSON_TYPE)


def _parse(query: str) -> tuple:
    """Pack, or None, and span; raises ValueError for malformed percent-encoding."""
    name, span = None, "24h"
    for part in query.split("&"):
        key, _, value = part.partition("=")
        if key == "pack":
            name = _percent_decoded(value)
        elif key == "span":
            span = _percent_decoded(value)
    return name, span


def _percent_decoded(text: str) -> str:
    pieces = text.split("%")
    data = pieces.pop(0).encode()
    for piece in pieces:
        data += bytes((int(piece[:2], 16),)) + piece[2:].encode()
    return str(data, "utf-8")
