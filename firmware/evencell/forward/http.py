"""The page and its API (paths and names: docs/api.md)."""

import gc
import json
from collections import OrderedDict

import microdot.microdot
from microdot import Microdot, Response

from evencell import __version__
from evencell.forward.event_stream import EventStreams
from evencell.forward.server import Server, error, json_response
from evencell.forward.status_json import status_with_diagnosis

_PAGE = __file__.rsplit("/", 1)[0] + "/page.html.gz"
_HTML_TYPE = "text/html; charset=UTF-8"
_PBM_TYPE = "image/x-portable-bitmap"


def start(context):
    """Serve the page as long as the device runs."""
    # microdot prints tracebacks; ours go to the log.
    microdot.microdot.print_exception = (  # pyright: ignore[reportAttributeAccessIssue]
        lambda fault: context.supervisor.report("a request", fault)
    )
    site = Site(context)
    http = context.config["http"]

    async def run():
        await Server(site.app(), context.log, context.supervisor.contain).serve(http["host"], http["port"])

    context.supervisor.start("http", run)


class Site:
    """What each path answers."""

    def __init__(self, context):
        self._context = context
        self._streams = EventStreams(context)

    def app(self) -> Microdot:
        """A microdot application with every path."""
        app = Microdot()
        app.get("/")(self.page)
        app.get("/healthz")(self.healthz)
        app.get("/metrics")(self.metrics)
        app.get("/api/v1/status")(self.status)
        app.get("/api/v1/events")(self._streams.handle)
        app.get("/api/v1/display")(self.display)
        app.get("/api/v1/crashes")(self.crashes)
        app.before_request(self.admit)
        return app

    def admit(self, request):
        """Readings are for everyone, or for nobody while there is no login."""
        is_reading = request.path == "/metrics" or request.path.startswith("/api/")
        if is_reading and not self._context.config["http"]["public_read"]:
            return error(401, "http.public_read is false, and this version has no login yet", "http.public_read")
        return None

    def page(self, _request):
        """The page, as it was compressed when the firmware was built; else the file in the device's root."""
        try:
            page = Response.send_file(_PAGE, content_type=_HTML_TYPE, compressed=True)
        except OSError:  # frozen into MicroPython, or installed by mip (docs/frozen.md)
            page = Response.send_file("page.html", content_type=_HTML_TYPE)
        page.headers["Cache-Control"] = "no-cache"
        return page

    def healthz(self, _request):
        """200 while every part runs."""
        healthy = self._context.supervisor.healthy()
        return json_response({"ok": healthy, "restarts": self._restarts()}, 200 if healthy else 503)

    def status(self, _request):
        """The device, and every pack with its diagnosis."""
        answer = OrderedDict()
        answer["device"] = self._device()
        answer["packs"] = self._packs()
        return json_response(answer)

    def metrics(self, request):
        """The same for Prometheus, sent in pieces."""
        from evencell.forward import metrics

        content_type = metrics.content_type(request.headers.get("Accept", ""))
        pieces = metrics.pieces(self._device(), self._packs(), self._restarts(), content_type)
        headers = {"Content-Type": content_type, "Cache-Control": "no-store"}
        return Response(pieces, 200, headers)  # pyright: ignore[reportArgumentType] (microdot takes generators)

    def display(self, _request):
        """The small display's picture; a lit pixel is a 1."""
        canvas = self._context.canvas
        if canvas is None:
            return error(404, "this device shows no display")
        return Response(canvas.pbm(), 200, {"Content-Type": _PBM_TYPE, "Cache-Control": "no-store"})

    def crashes(self, _request):
        """What failed, the newest first; sent one by one."""
        headers = {"Content-Type": "application/json; charset=UTF-8", "Cache-Control": "no-store"}
        pieces = _crash_pieces(self._context.crashes.all())
        return Response(pieces, 200, headers)  # pyright: ignore[reportArgumentType] (microdot takes generators)

    def _packs(self) -> list[dict]:
        context = self._context
        return [status_with_diagnosis(pack, context.clock) for pack in context.hub.packs]

    def _restarts(self) -> dict:
        return {part.name: part.restarts for part in self._context.supervisor.parts}

    def _device(self) -> dict:
        context = self._context
        network, queue = context.network, context.influx
        return {
            "id": context.device_id,
            "name": context.config["name"],
            "firmware": __version__,
            "board": context.board.name,
            "profile": context.config["profile"],
            "uptime_s": context.clock.uptime_ms() // 1000,
            "time_source": context.clock.source,
            "time_age_s": context.clock.age_s,
            "heap_free": gc.mem_free(),
            "wifi_rssi": network.rssi if network else None,
            "network": {"state": network.state, "ssid": network.ssid, "address": network.address} if network else None,
            "config_faults": context.config_faults,
            "crashes": context.crashes.count,
            "reset_cause": context.crashes.reset_cause,
            "safe_mode": context.safe_mode,
            "influx": None if queue is None else queue.counts(),
        }


def _crash_pieces(entries: list):
    yield '{"crashes": ['
    for number, entry in enumerate(entries):
        yield (",\n" if number else "") + json.dumps(entry)
    yield "]}"
