"""HTTP handlers that stay in memory; all others: router.py (paths and fields: docs/api.md)."""

import json

from evencell.forward.http.event_stream import EventStreams
from evencell.forward.http.lazy_response import LazyResponse
from evencell.forward.http.server import JSON_TYPE, Response, Server, json_response, no_memory
from evencell.forward.http.status import StatusCache
from evencell.net.tcp import PACE_MS, shared_buffer
from evencell.runtime.lazy import call


def start(context):
    """Start the web server."""
    context.supervisor.start("http", Server(Site(context), context).run)


class Site:
    """The page and its API. `buffer` and `pace_ms`: as `send` of net/tcp.py takes them."""

    def __init__(self, context):
        self._context = context
        self.buffer = shared_buffer(context)
        self.pace_ms = 0 if context.heap.is_plentiful else PACE_MS
        self._packs = StatusCache(context.hub)
        self._resident = {
            "/": self.page,
            "/healthz": self.healthz,
            "/api/v1/status": self.status,
            "/api/v1/events": EventStreams(context, self._packs, self.buffer).handle,
        }

    def respond(self, request) -> Response | LazyResponse:
        """The response to a request; a lazy one, but for what is asked for most."""
        self._context.reached_ms = self._context.clock.uptime_ms()  # a request proves that the network works
        handler = self.page if request.path.startswith("/page/") else self._resident.get(request.path)
        is_public = self._context.config["http"]["public_read"] and not request.header("origin")
        is_public = is_public or not request.path.startswith("/api/")
        if handler and is_public and request.method in ("GET", "HEAD"):
            try:
                return handler(request)
            except MemoryError:
                return no_memory()
        return LazyResponse(self._context, self.pace_ms, request, handler)

    def page(self, request):
        """A file of the page, by default the document."""
        name = request.path[6:]
        return call("evencell.forward.http.page_file", "response", name or "index.html", name and request.query)

    def healthz(self, _request):
        """200 while every part runs, else 503."""
        supervisor = self._context.supervisor
        healthy = supervisor.is_healthy()
        restarts = {part.name: part.restarts for part in supervisor.parts}
        return json_response({"ok": healthy, "restarts": restarts}, 200 if healthy else 503)

    def status(self, _request):
        """The device, and every pack with its diagnosis."""
        device = call("evencell.forward.http.device_status", "device_status", self._context)
        body = [b'{"device": ', json.dumps(device).encode(), b', "packs": [']
        for pieces in self._packs.pieces():
            body += [b", "] * (len(body) > 3) + list(pieces)
        return Response(body + [b"]}"], JSON_TYPE)
