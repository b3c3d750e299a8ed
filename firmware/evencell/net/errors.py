"""Sentences for connections that failed. Loaded on demand."""

import errno

_NO_MEMORY = ("not enough memory", "not enough memory for a connection to %s:%d")
_WORDS = {  # without and with the place
    errno.ECONNREFUSED: ("connection refused", "connection refused by %s:%d"),
    errno.ETIMEDOUT: ("timed out", "connection to %s:%d timed out"),
    errno.EHOSTUNREACH: ("no route to host", "no route to host %s:%d"),
    101: ("no route to host", "no route to host %s:%d"),  # ENETUNREACH, which MicroPython's errno lacks
    errno.ENOMEM: _NO_MEMORY,
    errno.ENOBUFS: _NO_MEMORY,
}


def reason(error: Exception) -> str:
    """What failed, in a few words."""
    if isinstance(error, MemoryError):
        return _NO_MEMORY[0]
    number = error.args[0] if error.args else None
    return _WORDS[number][0] if number in _WORDS else str(error.args[-1]) if error.args else "timed out"


def known(error: Exception, context, place: tuple, remedy: str, needed_bytes: int = 0) -> str | None:
    """A sentence for an owner; None where the cause is neither the network, nor memory, nor the host at `place`.

    `remedy` follows where nothing listens at that host and port. A connection by TLS needs `needed_bytes`.
    """
    network = context.network
    if network and network.state != "connected":
        return "no network"
    number = error.args[0] if error.args else None
    is_refused = number == errno.ECONNREFUSED
    shortage = "" if is_refused else context.heap.shortage(needed_bytes)  # errors of TLS and DNS name other causes then
    if shortage:
        return "%s; TLS needs %d" % (shortage, needed_bytes) if needed_bytes else shortage
    if number not in _WORDS:
        return None
    words = _WORDS[number][1] % place
    return words + remedy if is_refused else words


def sentence(error: Exception, context, place: tuple, remedy: str) -> str:
    """The same for every OSError, EOFError and asyncio.TimeoutError."""
    words = known(error, context, place, remedy)
    if words:
        return words
    if isinstance(error, EOFError) or (error.args and error.args[0] in (errno.ECONNRESET, errno.ECONNABORTED, 32)):
        return "connection closed by %s:%d" % place  # 32: EPIPE, which MicroPython's errno lacks
    return reason(error) if error.args else "timed out: no answer from %s:%d" % place
