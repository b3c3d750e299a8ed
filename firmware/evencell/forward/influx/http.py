"""HTTP for a time series database: the header that logs in, and the answer's status."""

from binascii import b2a_base64

from evencell.runtime.lazy import call


def authorization_of(settings: dict) -> str:
    """The value of the header `Authorization`, or "" where nothing is configured."""
    if settings["token"]:
        return "Token " + settings["token"]
    if settings["user"]:
        pair = "%s:%s" % (settings["user"], settings["password"] or "")
        return "Basic " + b2a_base64(pair.encode()).decode().strip()
    return ""


def status_of(answer: bytes, settings: dict) -> tuple[int, str]:
    """The status, and what of an error's body may be logged; raises OSError where the answer is not HTTP."""
    digits = answer[9:12]
    if not (answer.startswith(b"HTTP/1.") and digits.isdigit()):
        raise OSError("the answer is not HTTP: check influx.url")
    status = int(digits)
    if 200 <= status < 300:
        return status, ""
    return status, call("evencell.forward.influx.errors", "quoted", status, answer, settings)
