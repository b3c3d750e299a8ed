"""`/api/v1/login`, `/logout` and `/session`. Lazy handler, the one that needs no login."""

from evencell.forward.http.auth import (
    MAX_AGE_S,
    MAX_LENGTH,
    NO_PASSWORD,
    end_session,
    new_session,
    request_refusal,
    session_of,
)
from evencell.forward.http.server import JSON_TYPE, Response, error, json_response

_COOKIE = "Set-Cookie: session=%s; HttpOnly; SameSite=Strict; Path=/; Max-Age=%d\r\n"

_WRONG = (
    "wrong password; a forgotten one is cleared by the button or over USB (docs/security.md). "
    "This login does not guard the balancer's Bluetooth side"
)


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
            end_session(context, session)
        return Response((), JSON_TYPE, 204, _COOKIE % ("", 0))
    body = await load("evencell.forward.http.body").read_object(request)
    password = body.get("password")
    if not isinstance(password, str) or len(password) > MAX_LENGTH:
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
