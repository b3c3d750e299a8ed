"""`POST /api/v1/password`: another password. All sessions end. Lazy handler."""

import json

from evencell.forward.http.auth import MAX_LENGTH, MIN_LENGTH, NO_PASSWORD
from evencell.forward.http.server import JSON_TYPE, Response, error


async def answer(context, request, load):
    """The response (lazy_response.py)."""
    try:
        body = json.loads(request.body or b"")
        old, new = body["old"], body["new"]
    except (ValueError, TypeError, KeyError):
        old = new = None
    if not isinstance(old, str) or not isinstance(new, str):
        return error(400, 'the body is {"old": "…", "new": "…"}')
    if not MIN_LENGTH <= len(new) <= MAX_LENGTH:
        return error(400, "a password has %d to %d characters" % (MIN_LENGTH, MAX_LENGTH), "new")
    if not context.config["auth"]["password_hash"]:
        return error(409, NO_PASSWORD, "auth.password_hash")
    pbkdf2 = load("evencell.forward.http.pbkdf2")
    if not await pbkdf2.is_password(old, context.config["auth"]["password_hash"]):
        return error(403, "the old password is wrong", "old")
    fault = load("evencell.config.edit").set_auth(context, "password_hash", await pbkdf2.hash_password(new))
    if fault:
        return error(500, fault)
    context.sessions.clear()
    context.log.info("http: another password is set")
    return Response((), JSON_TYPE, 204)
