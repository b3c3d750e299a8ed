"""Decides whether a request may read or change what needs a login. Lazy, loaded for one request (lazy_response.py).

A login shows itself by a session cookie (sessions.py) or by `Authorization: Bearer TOKEN`.
"""

from binascii import unhexlify
from hashlib import sha256

from evencell.forward.http.server import Response, error, json_response
from evencell.forward.http.sessions import NO_PASSWORD, is_equal, session_of, tokens_of

_NOT_OF_THE_INTERNET = (".local", ".lan", ".home.arpa", ".internal", ".localdomain")
_BODY_TYPES = ("application/json", "application/octet-stream")

_LOG_IN = "log in first; a forgotten password is cleared by the button or over USB (docs/security.md)"
_EXPIRED = "the session has expired: log in again"
_BAD_TOKEN = "this token is not valid (any more): create one on the page or with POST /api/v1/tokens"


def refusal(context, request) -> Response | None:
    """The response to a request that must not be carried out; None admits it."""
    return request_refusal(context, request) or _login_refusal(context, request)


def _login_refusal(context, request) -> Response | None:
    kind, _, token = request.header("authorization").partition(" ")
    if kind.lower() == "bearer":
        return None if _is_token(context, token.strip()) else _unauthorized(_BAD_TOKEN)
    if not context.config["auth"]["password_hash"]:
        is_reading = request.method in ("GET", "HEAD")
        return _unauthorized(NO_PASSWORD) if is_reading else error(409, NO_PASSWORD, "auth.password_hash")
    if session_of(context, request):
        return None
    return _unauthorized(_EXPIRED if tokens_of(request) else _LOG_IN)


def request_refusal(context, request) -> Response | None:
    """The response to a request that another page may have sent (CSRF, DNS rebinding); None admits it."""
    host = request.header("host").lower()
    origins = context.config["http"]["origins"]
    if not host:
        return error(400, "the header Host is missing")
    if not _is_own(host, origins):
        text = "the device is not known by this host name: use its address, or add http://NAME to http.origins"
        return error(403, text, "http.origins")
    origin = request.header("origin").lower()
    if origin and origin not in origins and origin.partition("://")[2] != host:
        return error(403, "the request comes from a page of another origin", "http.origins")
    if request.length and request.header("content-type").partition(";")[0].strip().lower() not in _BODY_TYPES:
        return error(415, "the header Content-Type must be application/json")
    return None


def _is_own(host: str, origins: list) -> bool:
    """Whether no stranger can make this name lead to the device: an address, a name of the local network, or listed."""
    if any(origin.partition("://")[2] == host for origin in origins):
        return True
    name = host if host.startswith("[") else host.partition(":")[0]
    if name.startswith("[") or "." not in name or name.replace(".", "").isdigit():
        return True
    return any(name.endswith(suffix) for suffix in _NOT_OF_THE_INTERNET)


def _is_token(context, token: str) -> bool:
    digest = sha256(token.encode()).digest()
    is_known = False
    for entry in context.config["auth"]["tokens"]:
        is_known = (entry["hash"] is not None and is_equal(unhexlify(entry["hash"]), digest)) or is_known
    return is_known


def _unauthorized(text: str) -> Response:
    return json_response({"error": text}, 401, "WWW-Authenticate: Bearer\r\n")
