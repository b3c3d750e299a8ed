"""Sessions of logins over HTTP, and the tokens that show them. Lazy.

Of tokens only SHA-256 hashes are kept.
"""

import os
from binascii import hexlify
from hashlib import sha256

from evencell.compat import const

MAX_AGE_S = const(86_400)
_MAX_IDLE_MS = const(3_600_000)
_MAX_SESSIONS = const(4)
_TOKEN_BYTES = const(24)
# In an entry of context.sessions; two are uptime in ms.
_ENDS = const(0)
_HASH = const(1)
_CREATED = const(2)

NO_PASSWORD = (
    "no password is set, so nothing can be changed over HTTP: put the line that `evencell password` prints into "
    "config.json (docs/security.md)"
)


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
    digests = [sha256(token.encode()).digest() for token in tokens_of(request)]
    found = None
    for session in list(context.sessions):
        if now_ms >= session[_ENDS]:
            end_session(context, session)
        elif any(is_equal(session[_HASH], digest) for digest in digests):
            session[_ENDS] = min(now_ms + _MAX_IDLE_MS, session[_CREATED] + MAX_AGE_S * 1000)
            found = request.session = session
    return found


def tokens_of(request) -> list[str]:
    """What may be a session's token in the cookies: other services of this host may have a cookie of the same name."""
    pairs = [cookie.strip().partition("=") for cookie in request.header("cookie").split(";")]
    return [value for name, _, value in pairs if name == "session" and len(value) == 2 * _TOKEN_BYTES]


def new_token() -> tuple[str, bytes]:
    """A random token, and its hash."""
    token = hexlify(os.urandom(_TOKEN_BYTES)).decode()
    return token, sha256(token.encode()).digest()


def is_equal(a: bytes, b: bytes) -> bool:
    """Compare in a time that does not depend on where they differ."""
    difference = len(a) ^ len(b)
    for x, y in zip(a, b):
        difference |= x ^ y
    return not difference
