"""`POST /api/v1/password`: another password. All sessions end. Lazy handler."""

from evencell.forward.http.server import JSON_TYPE, Response, error
from evencell.forward.http.sessions import NO_PASSWORD, end_session
from evencell.runtime.lazy import call, unload

_BODY = "evencell.forward.http.body"
_ATTEMPTS = "evencell.forward.http.attempts"
_PBKDF2 = "evencell.forward.http.pbkdf2"


async def answer(context, request, load):
    """The response (lazy_response.py)."""
    body = await load(_BODY).read_object(request)
    unload(_BODY)  # each step by itself: together they would take too much memory
    old, new = body.get("old"), body.get("new")
    if not isinstance(old, str) or not isinstance(new, str):
        return error(400, 'the body is {"old": "…", "new": "…"}')
    fault = call("evencell.forward.http.password_rule", "fault_for", context, new)
    if fault:
        return error(400, fault, "new")
    auth = context.config["auth"]
    stored = auth["password_hash"]
    if not stored:
        return error(409, NO_PASSWORD, "auth.password_hash")
    wrong = error(403, "the old password is wrong", "old")
    refused = await load(_ATTEMPTS).refusal(context, request, old, wrong, load)
    if refused:
        return refused
    unload(_ATTEMPTS)
    new_hash = await load(_PBKDF2).hash_password(new)
    unload(_PBKDF2)
    if auth["password_hash"] != stored:
        return wrong  # by now: another request replaced it meanwhile
    fault = call("evencell.config.edit", "set_auth", context, "password_hash", new_hash)
    if fault:
        return error(500, fault)
    while context.sessions:
        end_session(context, context.sessions[0])
    context.log.info("http: another password is set")
    return Response((), JSON_TYPE, 204)
