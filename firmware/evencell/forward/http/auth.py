"""Decides whether a request may read or change what needs a login. Lazy, loaded for one request (lazy_response.py).

A login shows itself by a session cookie or by `Authorization: Bearer TOKEN`. Of both only SHA-256 hashes are kept.
"""

import json
import os
from binascii import hexlify, unhexlify
from hashlib import sha256

from evencell.compat import const
from evencell.forward.http.server import JSON_TYPE, Response, error

MIN_LENGTH = const(10)  # of a new password
MAX_LENGTH = const(128)
MAX_AGE_S = const(86_400)  # of a session
_MAX_IDLE_MS = const(3_600_000)
_MAX_SESSIONS = const(4)
_TOKEN_BYTES = const(24)
# In an entry of context.sessions; two are uptime in ms.
_ENDS = const(0)
_HASH = const(1)
_CREATED = const(2)
_NOT_OF_THE_INTERNET = (".local", ".lan", ".home.arpa", ".internal", ".localdomain")
_BODY_TYPES = ("application/json", "application/octet-stream")

NO_PASSWORD = (
    "no password is set, so nothing can be changed over HTTP: put the line that `evencell password` prints into "
    "config.json (docs/security.md)"
)
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
    return _unauthorized(_EXPIRED if cookie_of(request) else _LOG_IN)


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


def new_session(context) -> str:
    """Create a session; returns its token. Of more than 4 the one ends that would do so first."""
    token, digest = new_token()
    now_ms = context.clock.uptime_ms()
    if len(context.sessions) >= _MAX_SESSIONS:
        end_session(context, min(context.sessions, key=lambda session: session[_ENDS]))
    context.sessions.append([now_ms + _MAX_IDLE_MS, digest, now_ms])
    return token


def end_session(context, session: list):
    """End a session, and the event streams that belong to it (event_stream.py)."""
    session[_ENDS] = 0
    context.sessions.remove(session)
    context.hub.wake()


def end_sessionless(context):
    """End the event streams that belong to no session: their clients connect again, where they still may."""
    session = list(context.sessionless)
    context.sessionless[_ENDS] = 0
    context.sessionless = session
    context.hub.wake()


def session_of(context, request) -> list | None:
    """The session that the request belongs to, whose idle time begins anew; None without one. Expired ones end."""
    now_ms = context.clock.uptime_ms()
    token = cookie_of(request)
    digest = sha256(token.encode()).digest()
    found = None
    for session in list(context.sessions):
        if now_ms >= session[_ENDS]:
            end_session(context, session)
        elif is_equal(session[_HASH], digest):
            session[_ENDS] = min(now_ms + _MAX_IDLE_MS, session[_CREATED] + MAX_AGE_S * 1000)
            found = request.session = session
    return found


def cookie_of(request) -> str:
    """The session's token in the cookies; "" without one."""
    for cookie in request.header("cookie").split(";"):
        name, _, value = cookie.strip().partition("=")
        if name == "session":
            return value
    return ""


def new_token() -> tuple[str, bytes]:
    """A random token, and its hash."""
    token = hexlify(os.urandom(_TOKEN_BYTES)).decode()
    return token, sha256(token.encode()).digest()


def _is_token(context, token: str) -> bool:
    digest = sha256(token.encode()).digest()
    is_known = False
    for entry in context.config["auth"]["tokens"]:
        is_known = (entry["hash"] is not None and is_equal(unhexlify(entry["hash"]), digest)) or is_known
    return is_known


def is_equal(a: bytes, b: bytes) -> bool:
    """Compare in a time that does not depend on where they differ."""
    difference = len(a) ^ len(b)
    for x, y in zip(a, b):
        difference |= x ^ y
    return not difference


def _unauthorized(text: str) -> Response:
    body = [json.dumps({"error": text}).encode()]
    return Response(body, JSON_TYPE, 401, "WWW-Authenticate: Bearer\r\n")
