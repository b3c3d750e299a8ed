"""`/api/v1/login`, `/logout` and `/session`. Lazy handler, the one that needs no login.

After 5 wrong passwords from one address, and after 20 from all, logins pause: 1 s, doubling with each further one.
"""

import json

from evencell.compat import const
from evencell.forward.http.auth import MAX_AGE_S, MAX_LENGTH, NO_PASSWORD, new_session, request_refusal, session_of
from evencell.forward.http.server import JSON_TYPE, Response, error, json_response
from evencell.runtime.backoff import Backoff

_COOKIE = "Set-Cookie: session=%s; HttpOnly; SameSite=Strict; Path=/; Max-Age=%d\r\n"
_FREE_FAILURES = const(5)  # of one address
_FREE_FAILURES_IN_ALL = const(20)
_MAX_PAUSE_MS = const(900_000)
_MAX_PAUSE_IN_ALL_MS = const(60_000)
_MAX_ADDRESSES = const(8)
_ALL = ""  # key of the failures of all addresses
_BUSY = "busy"  # key while a password is being verified: where memory is plentiful, several requests could be here
_BUSY_MS = const(2_000)

_WRONG = (
    "wrong password; a forgotten one is cleared by the button or over USB (docs/security.md). "
    "This login does not guard the balancer's Bluetooth side"
)
_PAUSED = "too many logins: try again in %d s"


async def answer(context, request, load) -> Response:
    """The response (lazy_response.py)."""
    if request.path == "/api/v1/session":
        return json_response(_session(context, session_of(context, request)))
    refused = request_refusal(context, request)
    if refused:
        return refused
    if request.path == "/api/v1/logout":
        session = session_of(context, request)
        if session:
            context.sessions.remove(session)
        return Response((), JSON_TYPE, 204, _COOKIE % ("", 0))
    if request.body is None:
        return error(413, "the body is too long")
    password = _password(request.body)
    if password is None:
        return error(400, 'the body is {"password": "…"}', "password")
    if not context.config["auth"]["password_hash"]:
        return error(409, NO_PASSWORD, "auth.password_hash")
    return await _log_in(context, request, password, load)


def _session(context, session) -> dict:
    return {
        "logged_in": session is not None,
        "password_set": context.config["auth"]["password_hash"] is not None,
        "public_read": context.config["http"]["public_read"],
        "setup": False,
        "simulated": context.board.simulated,
    }


def _password(body: bytes) -> str | None:
    """The password in a body; None where it has none."""
    try:
        password = json.loads(body)["password"]
    except (ValueError, TypeError, KeyError):
        return None
    return password if isinstance(password, str) and len(password) <= MAX_LENGTH else None


async def _log_in(context, request, password: str, load) -> Response:
    address = _address(request.peer)
    failures = context.login_failures
    pause_ms = _BUSY_MS if _BUSY in failures else _pause_ms(context, address)
    if pause_ms:
        return _paused(pause_ms)
    pbkdf2 = load("evencell.forward.http.pbkdf2")
    failures[_BUSY] = None
    try:
        is_right = await pbkdf2.is_password(password, context.config["auth"]["password_hash"])
    finally:
        del failures[_BUSY]
    if not is_right:
        _note_failure(context, address)
        context.log.warning("http: a wrong password from %s" % address)
        return error(401, _WRONG, "password")
    failures.clear()
    context.log.info("http: login from %s" % address)
    return Response((), JSON_TYPE, 204, _COOKIE % (new_session(context), MAX_AGE_S))


def _paused(pause_ms: int) -> Response:
    seconds = (pause_ms + 999) // 1000
    body = [json.dumps({"error": _PAUSED % seconds}).encode()]
    return Response(body, JSON_TYPE, 429, "Retry-After: %d\r\n" % seconds)


def _pause_ms(context, address: str) -> int:
    """The pause that this address has to wait for before the next try; 0 where it is over."""
    pauses_ms = [0]
    for key in (address, _ALL):
        if key in context.login_failures:
            backoff = context.login_failures[key][1]
            if not backoff.is_over(context.clock.uptime_ms()):
                pauses_ms.append(backoff.pause_ms)
    return max(pauses_ms)


def _note_failure(context, address: str):
    """Count a failure for its address and for all."""
    failures = context.login_failures
    now_ms = context.clock.uptime_ms()
    if address not in failures and len(failures) > _MAX_ADDRESSES:
        failures.pop(next(key for key in failures if key != _ALL))
    limits = ((address, _FREE_FAILURES, _MAX_PAUSE_MS), (_ALL, _FREE_FAILURES_IN_ALL, _MAX_PAUSE_IN_ALL_MS))
    for key, free, max_ms in limits:
        entry = failures.setdefault(key, [0, Backoff()])
        entry[0] += 1
        if entry[0] >= free:
            entry[1].fail(now_ms, max_ms=max_ms)


def _address(peer) -> str:
    """The client's address. MicroPython's unix port gives it as a sockaddr, IPv4 or IPv6."""
    if isinstance(peer, tuple):
        return peer[0]
    data = bytes(peer)
    return ".".join(map(str, data[4:8])) if data[0] == 2 else data[8:24].hex()
