"""`/api/v1/login`, `/logout` and `/session`. Lazy handler, the one that needs no login."""

from evencell.compat import const
from evencell.forward.http.server import JSON_TYPE, Response, error, json_response
from evencell.forward.http.sessions import MAX_AGE_S, NO_PASSWORD, end_session, new_session, session_of
from evencell.runtime.lazy import unload

_BODY = "evencell.forward.http.body"
_MAX_LENGTH = const(128)  # as in password_rule.py

_COOKIE = "Set-Cookie: session=%s; HttpOnly; SameSite=Strict; Path=/; Max-Age=%d\r\n"

_WRONG = (
    "wrong password; a forgotten one is cleared by the button or over USB (docs/security.md). "
    "This login does not guard the balancer's Bluetooth side"
)


async def answer(context, request, load) -> Response:
    """The response (lazy_response.py)."""
    if request.path == "/api/v1/session":
        return json_response(_session(context, session_of(context, request)))
    if request.path == "/api/v1/logout":
        session = session_of(context, request)
        if session:
            end_session(context, session)
        return Response((), JSON_TYPE, 204, _COOKIE % ("", 0))
    body = await load(_BODY).read_object(request)
    unload(_BODY)
    password = body.get("password")
    if not isinstance(password, str) or len(password) > _MAX_LENGTH:
        return error(400, 'the body is {"password": "…"}', "password")
    if not context.config["auth"]["password_hash"]:
        return error(409, NO_PASSWORD, "auth.password_hash")
    wrong = error(401, _WRONG, "password")
    attempts = load("evencell.forward.http.attempts")
    refused = await attempts.refusal(context, request, password, wrong, load)
    if refused:
        return refused
    context.log.info("http: login from %s" % attempts.address_of(request.peer))
    return Response((), JSON_TYPE, 204, _COOKIE % (new_session(context), MAX_AGE_S))


def _session(context, session) -> dict:
    return {
        "logged_in": session is not None,
        "password_set": context.config["auth"]["password_hash"] is not None,
        "public_read": context.config["http"]["public_read"],
        "setup": False,
        "simulated": context.board.simulated,
        "policy": context.control is not None and context.config["control"]["policy"]["preset"] != "off",
    }
