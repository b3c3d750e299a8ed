"""Describes an error answer of a time series database (a lazy module)."""

from evencell.compat import const
from evencell.forward.influx.http import authorization_of
from evencell.text import decode_text

_QUOTED_BYTES = const(120)  # of an answer, in the log
_MIN_SECRET_BYTES = const(4)  # bytes: a shorter one is in any text
_PIECE_BYTES = const(8)  # of a secret that an answer repeats in part
_LOGIN_ERRORS = (401, 403)  # their bodies may repeat what was sent; the remedies below say more
_REMEDIES = {
    401: "check influx.token, or influx.user and influx.password",
    403: "may this user or token write there? Check influx.token, or influx.user",
    404: "no such database, bucket or path: check influx.url",
    405: "nothing is written at this path: check influx.url",
}


def sentence(status: int, text: str) -> str:
    """Status of the answer, a remedy where an owner has one, and its text."""
    remedy = _REMEDIES.get(status)
    if 300 <= status < 400:
        remedy = "it is at another address: check influx.url"
    words = "the store answers %d: %s" % (status, remedy) if remedy else "the store answers %d" % status
    return words + " (it says: %s)" % text if text else words


def quoted(status: int, answer: bytes, settings: dict) -> str:
    """The beginning of the body on one line; hidden where it repeats a piece of a token or password of `settings`."""
    if status in _LOGIN_ERRORS:
        return ""
    text = answer.lower()
    bare = _bare(text)
    for secret in (settings["token"], settings["password"], authorization_of(settings)[6:]):
        secret = (secret or "").encode().lower()
        if _repeats(text, secret) or _repeats(bare, _letters(secret)):
            return "(not shown: it repeats the password or token)"
    body = b" ".join(answer.partition(b"\r\n\r\n")[2][:_QUOTED_BYTES].split())
    return decode_text(body, _QUOTED_BYTES)


def _repeats(text: bytes, secret: bytes) -> bool:
    """Whether the text contains a piece of the secret."""
    size = min(len(secret), _PIECE_BYTES)
    return size >= _MIN_SECRET_BYTES and any(secret[at : at + size] in text for at in range(len(secret) - size + 1))


def _bare(text: bytes) -> bytes:
    """Letters and digits of a text, without escapes of a URL, of JSON or of HTML."""
    kept = bytearray()
    at = 0
    while at < len(text):
        first = text[at : at + 1]
        end = text.find(b";", at, at + 8)
        if first == b"%":
            at += 3
        elif first == b"\\":
            at += 6 if text[at + 1 : at + 2] == b"u" else 2
        elif first == b"&" and end > 0:
            at = end + 1
        else:
            kept += _letters(first)
            at += 1
    return bytes(kept)


def _letters(text: bytes) -> bytes:
    """Its ASCII letters and digits."""
    return bytes([code for code in text if 0x30 <= code <= 0x39 or 0x61 <= code <= 0x7A])
