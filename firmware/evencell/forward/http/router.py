"""Finds the handler of a request, and decides whether it needs a login.

Lazy, loaded for one request.
"""

from evencell.forward.http.server import JSON_TYPE, Response, error

# Method, path, module in this folder. Those in private/, all methods but GET, and without `http.public_read` all else
# need a login; `session` never does. At the end: how many KB of the GC heap must be free before its module is loaded,
# with a `+` if config.json is read, without a fault; else the heap would grow, into the network's (room.py).
ROUTES = """
GET /metrics metrics 7
GET /api/v1/display display_picture
GET /api/v1/history history
GET /api/v1/crashes crashes_json 5
GET /api/v1/log log_json
GET /api/v1/eventlog eventlog_json
GET /api/v1/packs/*/settings pack_settings
PATCH /api/v1/packs/*/settings pack_settings 10
GET /api/v1/packs/*/control control_json
POST /api/v1/packs/*/acknowledge private.acknowledge
POST /api/v1/packs/*/w private.w_read
GET /api/v1/session session
POST /api/v1/login session 8
POST /api/v1/logout session
POST /api/v1/password private.password 7+
GET /api/v1/tokens private.tokens
POST /api/v1/tokens private.tokens 7+
DELETE /api/v1/tokens private.tokens 7+
POST /api/v1/restart private.restart
GET /api/v1/networks private.networks
GET /api/v1/config private.config_json 10+
PATCH /api/v1/config private.config_change 14+
GET /api/v1/backup private.backup 6+
POST /api/v1/backup private.encrypted_backup 13+
POST /api/v1/restore private.config_change 13+
GET /api/v1/update update_json
POST /api/v1/update private.update
"""
_RESIDENT = " / /healthz /api/v1/status /api/v1/events "  # handlers that are always in memory (routes.py)

_CORS = "Access-Control-Allow-Origin: %s\r\nVary: Origin\r\n"
_PREFLIGHT = (
    "Access-Control-Allow-Methods: GET, POST, PATCH, DELETE\r\n"
    "Access-Control-Allow-Headers: Authorization, Content-Type\r\nAccess-Control-Max-Age: 3600\r\n"
)


def find(context, request, load):
    """The name of the handler's module, and after a blank what memory it needs (ROUTES); or the response of a refusal.

    "" is a handler that is always in memory.
    """
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
    module = "" if is_resident else ROUTES[at : ROUTES.find("\n", at)]
    is_open = is_reading and context.config["http"]["public_read"] and not module.startswith("private.")
    refused = None
    if module.startswith("session"):  # it is what logs in
        if not is_reading:
            refused = load("evencell.forward.http.auth").request_refusal(context, request)
    elif not is_open:
        refused = load("evencell.forward.http.auth").refusal(context, request)
    if refused:
        return refused
    return module and "evencell.forward.http." + module


def _pattern(path: str) -> str:
    """The path as it stands in ROUTES, with `*` for the name of a pack; "?" where it can't."""
    if "*" in path:
        return "?"
    parts = path.split("/")
    if path.startswith("/api/v1/packs/") and len(parts) == 6:
        parts[4] = "*"
    return "/".join(parts)
