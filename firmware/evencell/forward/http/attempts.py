"""Verifies the password of a request, and delays further attempts after wrong ones. Lazy.

After 5 wrong passwords from one address, and after 20 from all, attempts pause: 1 s, doubling with each further one. An
address that has not failed yet waits for its own pause alone, so that those of others can't keep it out.
"""

from binascii import crc32

from evencell.compat import const
from evencell.forward.http.server import Response, json_response
from evencell.runtime.backoff import Backoff

_FREE_FAILURES = const(5)  # of one address
_FREE_FAILURES_IN_ALL = const(20)
_MAX_PAUSE_MS = const(900_000)
_MAX_PAUSE_IN_ALL_MS = const(60_000)
_MAX_ADDRESSES = const(8)
_BUSY_MS = const(2_000)
# Keys of context.login_failures beside addresses. Values of these and of addresses: number of failures, and a Backoff.
_ALL = ""
_FAILED = "failed"  # a bit for each address that has ever failed, by its checksum: of more addresses than have entries
_BUSY = "busy"  # while a password is verified: where memory is plentiful, several requests could be here
_FAILED_BYTES = const(32)

_PAUSED = "too many wrong passwords: try again in %d s"
_OTHER = "another password is being checked: try again in %d s"


async def refusal(context, request, password: str, wrong: Response, load) -> Response | None:
    """None if this is the password, else `wrong`, or a response that says when the next attempt is allowed."""
    address, failures, auth = address_of(request.peer), context.login_failures, context.config["auth"]
    pause_ms = _pause_ms(context, address)
    if pause_ms:
        seconds = (pause_ms + 999) // 1000
        text = _OTHER if _BUSY in failures else _PAUSED
        return json_response({"error": text % seconds}, 429, "Retry-After: %d\r\n" % seconds)
    pbkdf2 = load("evencell.forward.http.pbkdf2")
    failures[_BUSY], stored = None, auth["password_hash"]
    try:
        is_right = await pbkdf2.is_password(password, stored)
    finally:
        del failures[_BUSY]
    if is_right and auth["password_hash"] == stored:  # not replaced meanwhile
        for key in (address, _ALL):
            failures.pop(key, None)
        _mark(failures, address, False)
        return None
    _note_failure(context, address)
    context.log.warning("http: a wrong password from %s" % address)
    return wrong


def _pause_ms(context, address: str) -> int:
    """How long this address has to wait for its next attempt."""
    failures = context.login_failures
    if _BUSY in failures:
        return _BUSY_MS
    now_ms = context.clock.uptime_ms()
    keys = (address, _ALL) if _has_failed(failures, address) else ()
    return max([0] + [failures[key][1].left_ms(now_ms) for key in keys if key in failures])


def _note_failure(context, address: str):
    """Count a failure for its address and for all."""
    failures = context.login_failures
    _mark(failures, address, True)
    known = [key for key in failures if key not in (_ALL, _FAILED)]
    if address not in known and len(known) >= _MAX_ADDRESSES:
        failures.pop(min(known, key=lambda key: failures[key][0]))
    limits = ((address, _FREE_FAILURES, _MAX_PAUSE_MS), (_ALL, _FREE_FAILURES_IN_ALL, _MAX_PAUSE_IN_ALL_MS))
    for key, free, max_ms in limits:
        entry = failures.setdefault(key, [0, Backoff()])
        entry[0] += 1
        if entry[0] >= free:
            entry[1].fail(context.clock.uptime_ms(), max_ms=max_ms)


def _has_failed(failures: dict, address: str) -> bool:
    """Whether this address, or one with the same checksum, has failed."""
    at = crc32(address.encode())
    return _FAILED in failures and failures[_FAILED][at % _FAILED_BYTES] >> (at >> 8 & 7) & 1 == 1


def _mark(failures: dict, address: str, has_failed: bool):
    if has_failed != _has_failed(failures, address):
        at = crc32(address.encode())
        failures.setdefault(_FAILED, bytearray(_FAILED_BYTES))[at % _FAILED_BYTES] ^= 1 << (at >> 8 & 7)


def address_of(peer) -> str:
    """The client's address. MicroPython's unix port gives it as a sockaddr, IPv4 or IPv6."""
    if isinstance(peer, tuple):
        return peer[0]
    data = bytes(peer)
    return ".".join(map(str, data[4:8])) if data[0] == 2 else data[8:24].hex()
