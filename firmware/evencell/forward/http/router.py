"""Finds the handler of a request, and decides whether it needs a login, and whether there is memory for it.

Lazy, loaded for one request.
"""

import gc
import os

from evencell.compat import const
from evencell.forward.http.server import JSON_TYPE, Response, error
from evencell.storage.paths import exists

# Method, path, module in this folder. Those in private/, all methods but GET, and without `http.public_read` all else
# need a login; `session` never does. At the end: how many KB of the GC heap must be free while this module is loaded,
# with a `+` if config.json is read, without a fault; else the heap would grow, into the network's (docs/memory.md).
ROUTES = """
GET /metrics metrics 5
GET /api/v1/display display_picture
GET /api/v1/history history
GET /api/v1/crashes crashes_json 4
GET /api/v1/log log_json
GET /api/v1/eventlog eventlog_json
GET /api/v1/packs/*/settings pack_settings
PATCH /api/v1/packs/*/settings pack_settings 5
GET /api/v1/packs/*/control control_json
POST /api/v1/packs/*/acknowledge private.acknowledge
POST /api/v1/packs/*/w private.w_read
GET /api/v1/session session
POST /api/v1/login session 4
POST /api/v1/logout session
POST /api/v1/password private.password 6+
GET /api/v1/tokens private.tokens
POST /api/v1/tokens private.tokens 6+
DELETE /api/v1/tokens private.tokens 6+
POST /api/v1/restart private.restart
GET /api/v1/networks private.networks
GET /api/v1/config private.config_json 8+
PATCH /api/v1/config private.config_change 9+
GET /api/v1/backup private.backup 2+
POST /api/v1/backup private.encrypted_backup 10+
POST /api/v1/restore private.config_change 12+
GET /api/v1/update update_json
POST /api/v1/update private.update
"""
_RESIDENT = " / /healthz /api/v1/status /api/v1/events "  # handlers that are always in memory (routes.py)


_KB = const(1_000)
_BYTES_OF_CONFIG = const(2)  # of the heap, for each that config.json has
_CORS = "Access-Control-Allow-Origin: %s\r\nVary: Origin\r\n"
_PREFLIGHT = (
    "Access-Control-Allow-Methods: GET, POST, PATCH, DELETE\r\n"
    "Access-Control-Allow-Headers: Authorization, Content-Type\r\nAccess-Control-Max-Age: 3600\r\n"
)


def find(context, request, load):
    """The name of the handler's module, "" for a handler that is always in memory, or the response of a refusal."""
    origin = request.header("origin").lower()
    if origin in context.config["http"]["origins"]:  # with a token: browsers send no session's cookie from there
        request.cors = _CORS % origin
        if request.method == "OPTIONS":
            return Response((), JSON_TYPE, 204, _PREFLIGHT)
    is_reading = request.method in ("GET", "HEAD")
    path = " %s " % _pattern(request.path)
    is_resident = path in _RESIDENT
    start = "\n%s%s" % ("GET" if is_reading else request.method, path)
    at = ROUTES.find(start) + len(start)
    if at < len(start) and not (is_resident and is_reading):
        has_path = is_resident or path in ROUTES
        return error(405, "method not allowed") if has_path else error(404, "not found")
    module, _, needed = ("" if is_resident else ROUTES[at : ROUTES.find("\n", at)]).partition(" ")
    is_open = is_reading and context.config["http"]["public_read"] and not module.startswith("private.")
    refused = None
    if module == "session":  # it is what logs in
        if not is_reading:
            refused = load("evencell.forward.http.auth").request_refusal(context, request)
    elif not is_open:
        refused = load("evencell.forward.http.auth").refusal(context, request)
    if refused:
        return refused
    if context.heap.gc_limit and needed:
        _reserve(context, needed)
    return module and "evencell.forward.http." + module


def _reserve(context, needed: str):
    """Raise MemoryError where the GC heap has less memory than a route needs (ROUTES) before it would grow."""
    needed_bytes = int(needed.rstrip("+")) * _KB
    path = context.board.config_path
    if "+" in needed and exists(path):
        needed_bytes += needed.count("+") * _BYTES_OF_CONFIG * os.stat(path)[6]
    gc.collect()
    if context.board.gc_heap()[1] < needed_bytes:
        raise MemoryError


def _pattern(path: str) -> str:
    """The path as it stands in ROUTES, with `*` for the name of a pack; "?" where it can't."""
    if "*" in path:
        return "?"
    parts = path.split("/")
    if path.startswith("/api/v1/packs/") and len(parts) == 6:
        parts[4] = "*"
    return "/".join(parts)
