"""HTTP handlers that stay in memory; all others: router.py (paths and fields: docs/api.md)."""

import json

from evencell.compat import const
from evencell.forward.http.event_stream import EventStreams
from evencell.forward.http.lazy_response import LazyResponse
from evencell.forward.http.server import JSON_TYPE, Response, Server, error, json_response
from evencell.forward.http.status import StatusCache, device_status
from evencell.net.tcp import PACE_MS, shared_buffer
from evencell.storage.data_files import is_there, open_data

_PAGE = __file__.rsplit("/", 1)[0] + "/page/"
_PAGE_PIECE_BYTES = const(512)


def start(context):
    """Start the web server."""
    serve(context, Site(context))


def serve(context, site):
    """Start the web server for this site: an object with `respond`, `buffer` and `pace_ms`."""
    http = context.config["http"]
    server = Server(site, context.log, context.supervisor)

    async def run():
        await server.serve(http["host"], http["port"])

    context.supervisor.start("http", run)


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
            return handler(request)
        return LazyResponse(self._context, self.pace_ms, request, handler)

    def page(self, request):
        """A file of the page, by default the document."""
        name = request.path[6:]
        return page_file(name or "index.html", bool(name and request.query))

    def healthz(self, _request):
        """200 while every part runs, else 503."""
        supervisor = self._context.supervisor
        healthy = supervisor.is_healthy()
        restarts = {part.name: part.restarts for part in supervisor.parts}
        return json_response({"ok": healthy, "restarts": restarts}, 200 if healthy else 503)

    def status(self, _request):
        """The device, and every pack with its diagnosis."""
        body = [b'{"device": ', json.dumps(device_status(self._context)).encode(), b', "packs": [']
        for pieces in self._packs.pieces():
            body += [b", "] * (len(body) > 3) + list(pieces)
        return Response(body + [b"]}"], JSON_TYPE)


def page_file(name: str, is_versioned: bool):
    """A file of the page as the build compressed it, else its source; one that is versioned may be cached."""
    headers = "Cache-Control: %s\r\n" % ("max-age=31536000, immutable" if is_versioned else "no-cache")
    if "/" in name or name[:1] in ("", "."):  # another folder, such as that of the configuration
        return error(404, "not found")
    path = _PAGE + name
    if is_there(path + ".gz"):
        path += ".gz"
        headers += "Content-Encoding: gzip\r\n"
    elif not is_there(path):  # else the picture; or a source that mip installed (docs/frozen.md)
        return error(404, "not found")
    kind = name.split(".")[-1]
    content_type = "image/png" if kind == "png" else "text/javascript" if kind == "js" else "text/" + kind
    return Response(_pieces_of(open_data(path)), content_type, headers=headers)


def _pieces_of(file):
    """Generate the content of a file, then close it."""
    with file:
        piece = file.read(_PAGE_PIECE_BYTES)
        while piece:
            yield piece
            piece = file.read(_PAGE_PIECE_BYTES)
