"""The page and its API (paths and names: docs/api.md)."""

import json

from evencell import __version__
from evencell.compat import const
from evencell.forward.event_stream import NO_MEMORY, EventStreams
from evencell.forward.lazy_response import LazyResponse
from evencell.forward.rendered import Rendered
from evencell.forward.server import JSON_TYPE, Response, Server, error, json_response
from evencell.forward.status_json import status_with_diagnosis
from evencell.net.tcp import PACE_MS, SendBuffer
from evencell.storage.data_files import open_data

_PAGE = __file__.rsplit("/", 1)[0] + "/page.html.gz"
_HTML_TYPE = "text/html; charset=UTF-8"
_PAGE_PIECE_BYTES = const(512)

# What the answers need that are made by lazy modules: what a module imports stands before it.
_METRICS = ("evencell.forward.metrics",)
_DISPLAY = ("evencell.display.netpbm",)
_CRASHES = ("evencell.system.crash_file",)
_HISTORY = (
    "evencell.system.ring",
    "evencell.pack.history_store",
    "evencell.pack.history_fold",
    "evencell.pack.history_walk",
    "evencell.forward.history_json",
)


def start(context):
    """Serve the page as long as the device runs."""
    site = Site(context)
    http = context.config["http"]

    server = Server(site.routes(), site.admit, context.log, context.supervisor, site.buffer, site.pace_ms)

    async def run():
        await server.serve(http["host"], http["port"])

    context.supervisor.start("http", run)


class Site:
    """What each path answers."""

    def __init__(self, context):
        self._context = context
        self.buffer = SendBuffer()
        self.pace_ms = 0 if context.heap.is_plentiful else PACE_MS
        self._rendered = Rendered(context.hub)
        self._streams = EventStreams(context, self._rendered, self.buffer)

    def routes(self) -> dict:
        """What answers each method and path."""
        return {
            "GET /": self.page,
            "GET /healthz": self.healthz,
            "GET /metrics": self.metrics,
            "GET /api/v1/status": self.status,
            "GET /api/v1/events": self._streams.handle,
            "GET /api/v1/display": self.display,
            "GET /api/v1/history": self.history,
            "GET /api/v1/crashes": self.crashes,
        }

    def admit(self, request):
        """Readings are for everyone, or for nobody while there is no login. Who asks has reached this device."""
        self._context.reached_ms = self._context.clock.uptime_ms()
        is_reading = request.path == "/metrics" or request.path.startswith("/api/")
        if is_reading and not self._context.config["http"]["public_read"]:
            return error(401, "http.public_read is false, and this version has no login yet", "http.public_read")
        return None

    def page(self, _request):
        """The page, as it was compressed when the firmware was built; else the file in the device's root."""
        headers = "Cache-Control: no-cache\r\n"
        try:
            page = open_data(_PAGE)
            return Response(_pieces_of(page), _HTML_TYPE, headers=headers + "Content-Encoding: gzip\r\n")
        except OSError:  # the sources installed by mip (docs/frozen.md): nothing compressed it
            return Response(_pieces_of(open("page.html", "rb")), _HTML_TYPE, headers=headers)

    def healthz(self, _request):
        """200 while every part runs."""
        healthy = self._context.supervisor.healthy()
        return json_response({"ok": healthy, "restarts": self._restarts()}, 200 if healthy else 503)

    def status(self, _request):
        """The device, and every pack with its diagnosis."""
        body = [b'{"device": ', json.dumps(self._device()).encode(), b', "packs": [']
        for pieces in self._rendered.pieces():
            body += [b", "] * (len(body) > 3) + list(pieces)
        return Response(body + [b"]}"], JSON_TYPE)

    def metrics(self, request):
        """The same for Prometheus, sent in pieces."""
        return self._lazy(request, _METRICS, self._metrics)

    def history(self, request):
        """What a pack's cells did, and its health; sent in pieces."""
        if not self._context.heap.allows("history"):
            return error(503, NO_MEMORY)
        return self._lazy(request, _HISTORY, self._history)

    def display(self, request):
        """The small display's picture, sent in pieces."""
        if self._context.canvas is None:
            return error(404, "this device shows no display")
        return self._lazy(request, _DISPLAY, self._display)

    def crashes(self, request):
        """What failed, the newest first; sent one by one."""
        return self._lazy(request, _CRASHES, self._crashes)

    def _lazy(self, request, modules: tuple, answer) -> LazyResponse:
        return LazyResponse(self._context, self.pace_ms, request, modules, answer)

    def _metrics(self, module, request, _load):
        content_type = module.content_type(request.header("accept"))
        return Response(module.pieces(self._device(), self._packs(), self._restarts(), content_type), content_type)

    def _history(self, module, request, load):
        return module.answer(self._context, request, load)

    def _display(self, module, _request, _load):
        content_type, pieces = module.picture(self._context.canvas)
        return Response(pieces, content_type)

    def _crashes(self, module, _request, _load):
        return Response(module.pieces(*self._context.crashes.kept()), JSON_TYPE)

    def _packs(self) -> list[dict]:
        context = self._context
        return [status_with_diagnosis(pack, context.clock) for pack in context.hub.packs]

    def _restarts(self) -> dict:
        return {part.name: part.restarts for part in self._context.supervisor.parts}

    def _device(self) -> dict:
        context = self._context
        network, queue, journal = context.network, context.influx, context.journal
        network_heap = context.board.network_heap() or (None, None)
        return {
            "id": context.device_id,
            "name": context.config["name"],
            "firmware": __version__,
            "board": context.board.name,
            "profile": context.config["profile"],
            "uptime_s": context.clock.uptime_ms() // 1000,
            "time_source": context.clock.source,
            "time_age_s": context.clock.age_s,
            "heap_free": context.board.gc_heap()[1],
            "network_heap_free": network_heap[0],
            "network_heap_largest": network_heap[1],
            "wifi_rssi": network.rssi if network else None,
            "network": {"state": network.state, "ssid": network.ssid, "address": network.address} if network else None,
            "config_faults": context.config_faults,
            "crashes": context.crashes.count,
            "reset_cause": context.crashes.reset_cause,
            "safe_mode": context.safe_mode,
            "mqtt": None if context.mqtt is None else context.mqtt.status(),
            "influx": None if queue is None else queue.counts(),
            "journal": None if journal is None else journal.counts(),
            "display": context.display.summary() if context.display else None,
        }


def _pieces_of(file):
    """The file's bytes, then it is closed."""
    with file:
        piece = file.read(_PAGE_PIECE_BYTES)
        while piece:
            yield piece
            piece = file.read(_PAGE_PIECE_BYTES)
