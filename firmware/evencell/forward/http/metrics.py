"""`/metrics`: the status in Prometheus text format 0.0.4, or OpenMetrics 1.0 on request. Lazy handler.

Sources of the formats:
https://prometheus.io/docs/instrumenting/exposition_formats and https://prometheus.io/docs/specs/om/open_metrics_spec
"""

from evencell.forward.http.server import Response
from evencell.forward.status_json import status_with_diagnosis
from evencell.runtime.lazy import call, unload

_TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_OPEN_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


async def answer(context, request, load) -> Response:
    """The response (lazy_response.py)."""
    unload(__name__)  # its code is not needed for the text
    media_type = content_type(request.header("accept"))
    restarts = {part.name: part.restarts for part in context.supervisor.parts}
    device = call("evencell.forward.http.device_status", "device_status", context)
    statuses = map(status_with_diagnosis, context.hub.packs, [context.clock] * len(context.hub.packs))
    text = load("evencell.forward.http.metrics_text").pieces(device, restarts, statuses, media_type == _OPEN_TYPE)
    return Response(text, media_type)


def content_type(accept: str) -> str:
    """The media type for a request's `Accept`."""
    return _OPEN_TYPE if "application/openmetrics-text" in accept else _TEXT_TYPE
