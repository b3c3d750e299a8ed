"""`/api/v1/tokens`: the names of the tokens, a new one, and one less. Lazy handler."""

from binascii import hexlify

from evencell.compat import const
from evencell.forward.http.server import error, json_response
from evencell.forward.http.sessions import end_sessionless, new_token
from evencell.runtime.lazy import call, unload

_BODY = "evencell.forward.http.body"
_MAX_TOKENS = const(8)
_MAX_NAME = const(32)


async def answer(context, request, load):
    """The response (lazy_response.py)."""
    tokens = context.config["auth"]["tokens"]
    if request.method in ("GET", "HEAD"):
        return json_response({"tokens": [{"name": token["name"]} for token in tokens]})
    name = (await load(_BODY).read_object(request)).get("name")
    unload(_BODY)
    if not call("evencell.config.kinds", "accepts", "text", name, 1, _MAX_NAME):
        return error(400, 'the body is {"name": …}, a text of 1 to %d characters' % _MAX_NAME, "name")
    is_known = any(token["name"] == name for token in tokens)
    if request.method == "DELETE":
        if not is_known:
            return error(404, "there is no token of this name", "name")
        end_sessionless(context)
        return _saved(context, [token for token in tokens if token["name"] != name], {"name": name}, 200)
    if is_known or len(tokens) >= _MAX_TOKENS:
        text = "there is a token of this name" if is_known else "there are %d tokens: delete one first" % _MAX_TOKENS
        return error(409, text, "name")
    token, digest = new_token()
    entry = {"name": name, "hash": hexlify(digest).decode()}
    return _saved(context, tokens + [entry], {"name": name, "token": token}, 201)


def _saved(context, tokens: list, body: dict, status: int):
    fault = call("evencell.config.edit", "set_auth", context, "tokens", tokens)
    return error(500, fault) if fault else json_response(body, status)
