"""What of HTTP a time series database needs."""

from binascii import b2a_base64

from evencell.compat import const

_QUOTED_BYTES = const(120)  # of an answer that says what is wrong, in the log


def split_url(url: str) -> tuple[str, int, str]:
    """Host, port and path of an http address. Times are in seconds, and the path says so."""
    address, slash, path = url[len("http://") :].partition("/")
    host, _, port = address.partition(":")
    path = slash + path if path else "/write"
    return host, int(port or 80), path + ("&" if "?" in path else "?") + "precision=s"


def basic(user: str, password: str) -> str:
    """User and password as HTTP wants them."""
    return b2a_base64(("%s:%s" % (user, password)).encode()).decode().strip()


def status_of(answer: bytes) -> tuple[int, str]:
    """The status, and the beginning of the body on one line; raises OSError where this is no HTTP."""
    status = answer[9:12]
    if not (answer.startswith(b"HTTP/1.") and status.isdigit()):
        raise OSError("what answers is no HTTP server")
    body = answer.partition(b"\r\n\r\n")[2][:_QUOTED_BYTES]
    return int(status), " ".join(body.decode("utf-8", "ignore").split())
