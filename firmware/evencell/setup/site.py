"""HTTP in setup mode: the setup page, its API, and redirects that make phones open it.

Every name leads here (net/captive_dns.py), also those of pages that are open on the phone: they are led to the address,
and the API has no answer for them.
"""

from evencell import __version__
from evencell.compat import const
from evencell.forward.http.server import RefusalError, Response, error, json_response, no_memory
from evencell.net.tcp import PACE_MS, shared_buffer
from evencell.runtime.lazy import call, lazy

_PAGE = "setup.html"
_SCAN_AGE_MS = const(10_000)  # a scan stops the device for 2 s: not more often


class Site:
    """What the web server serves. `buffer` and `pace_ms`: as `send` of net/tcp.py takes them."""

    def __init__(self, context, setup):
        self._context = context
        self._setup = setup
        with lazy("evencell.forward.http.password_rule") as rule:
            self._password_min = rule.MIN_LENGTH
        self._api = {
            "/api/v1/session": {"GET": self._session},
            "/api/v1/networks": {"GET": self._scan},
            "/api/v1/setup": {"GET": self._state, "POST": self._attempt},
            "/api/v1/setup/finish": {"POST": self._finish},
        }
        self._networks = None
        self._scanned_ms = 0
        self.buffer = shared_buffer(context)
        self.pace_ms = 0 if context.heap.is_plentiful else PACE_MS

    def respond(self, request) -> Response:
        """The response to a request."""
        self._setup.note_request()
        try:
            return self._respond(request)
        except RefusalError as refusal:
            return error(*refusal.args)
        except OSError as fault:
            return error(503, "the radio fails: %s; try again" % call("evencell.net.errors", "reason", fault))
        except MemoryError:
            return no_memory()

    def _respond(self, request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        is_name = not request.header("host").partition(":")[0].replace(".", "").isdigit()
        if request.path.startswith("/api/"):
            handlers = self._api.get(request.path)
            if handlers is None:
                return error(404, "not found: this is setup mode")
            if is_name:
                return error(403, "the device is set up at %s alone" % self._setup.url())
            return handlers[method](request) if method in handlers else error(405, "method not allowed")
        if method != "GET":
            return error(405, "method not allowed")
        if is_name:  # such as a phone's probe whether it is in the Internet
            return Response((), "text/plain", 302, "Location: %s\r\n" % self._setup.url())
        return call("evencell.forward.http.page_file", "response", _PAGE, False)

    def _session(self, _request) -> Response:
        return json_response(
            {
                "logged_in": False,
                "password_set": self._context.config["auth"]["password_hash"] is not None,
                "public_read": False,
                "setup": True,
                "simulated": self._context.board.simulated,
            }
        )

    def _scan(self, _request) -> Response:
        if self._context.board.wired:
            return error(503, "this board uses its cable")
        if self._setup.state == "trying":
            return error(503, "a network is being tried; try again in a moment")
        now_ms = self._context.clock.uptime_ms()
        if self._networks is None or now_ms - self._scanned_ms >= _SCAN_AGE_MS:
            with lazy("evencell.forward.http.private.networks") as networks:
                self._networks = networks.listed(self._setup.scan())
            self._scanned_ms = self._context.clock.uptime_ms()
        return json_response({"networks": self._networks})

    def _state(self, _request) -> Response:
        context, setup = self._context, self._setup
        setup.note_result_read()
        board = context.board
        return json_response(
            {
                "state": setup.state,
                "problem": setup.problem,
                "field": setup.field,
                "hostname": context.hostname,
                "address": setup.new_address,
                "ssid": setup.new_ssid,
                "given": setup.given,
                "seconds_left": max(0, setup.ends_ms - context.clock.uptime_ms()) // 1000,
                "device": {
                    "id": context.device_id,
                    "firmware": __version__,
                    "board": board.name,
                    "simulated": board.simulated,
                    "wired": bool(board.wired),
                },
                "password_min": self._password_min,
            }
        )

    def _attempt(self, request) -> Response:
        setup = self._setup
        _refuse_other_pages(request)
        if setup.state in ("trying", "done"):
            text = "a network is being tried" if setup.state == "trying" else "it is set up: finish, or wait"
            return error(409, text)
        if request.body is None:
            return error(413, "the body is too long")
        with lazy("evencell.setup.settings") as settings:
            wanted = settings.read(self._context, request.body)
        setup.attempt(wanted)
        return json_response({"state": setup.state}, 202)

    def _finish(self, request) -> Response:
        _refuse_other_pages(request)
        if self._setup.state != "done":
            return error(409, "there is nothing to finish yet")
        self._setup.finish()
        return json_response({"restart": True}, 202)


def _refuse_other_pages(request):
    """Raise RefusalError for a request that a page of another origin sends."""
    origin = request.header("origin")
    if origin and origin.partition("://")[2] != request.header("host"):
        raise RefusalError(403, "the request comes from a page of another origin")
    if request.length and not request.header("content-type").startswith("application/json"):
        raise RefusalError(415, "the header Content-Type must be application/json")
