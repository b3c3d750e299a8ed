"""Error texts of a failed connection to the broker, and what the next connection does. Loaded on demand."""

import errno

from evencell.compat import const
from evencell.runtime.lazy import call

_WRONG_CERTIFICATE = const(-0x3000)  # as tls.py says it: MBEDTLS_ERR_X509_FATAL_ERROR
_FIRST_OF_TLS = const(-256)  # below are the numbers of mbedTLS
_TLS_BYTES = const(33_000)  # of the network's heap in a handshake (docs/memory.md)

_ENDED = "connection closed by the broker"
_CLOSED = (errno.ECONNRESET, errno.ECONNABORTED, 32)  # EPIPE, which MicroPython's errno lacks
_NO_DISCOVERY = "discovery rejected by the broker: %s, %d bytes (mosquitto: max_packet_size); going on without it"
_NO_RETAINED = (
    "retained messages rejected by the broker (mosquitto: retain_available false); going on without: "
    "new subscribers have to wait for the next message"
)
_REMEDY = ": is a broker running, and are mqtt.host and mqtt.port right?"


def evaluate(error: OSError, context, state: str, under_way, limits: tuple) -> tuple:
    """A sentence for the owner, and the limits for the next connection: (retains, tries, their sentence).

    `state` is that of the connection until now; `under_way` topic and bytes of the message that was being sent, or
    None. `retains`: whether the next connection may use retained messages; None: it finds out whether the broker
    accepts any. `tries`: how many connections the broker may close at a discovery message before there is none.
    """
    settings = context.config["mqtt"]
    retains, tries, limit = limits
    is_closed = not error.args or str(error.args[-1]) == _ENDED or error.args[0] in _CLOSED
    had_none = not tries
    if is_closed and under_way and under_way[0].startswith(settings["discovery_prefix"] + "/device/"):
        tries = max(tries - 1, 0)
    else:
        tries = max(tries, 1)  # after a connection without discovery, the next one tries it again
    if not tries:
        limit = _NO_DISCOVERY % under_way
        return limit, (retains, tries, limit)
    if had_none:
        limit = None
    if is_closed:
        was_unknown, retains = retains is None, _retains(state, retains)
        if was_unknown and retains is False:
            return _NO_RETAINED, (retains, tries, _NO_RETAINED)
    return _sentence(error, context, state, under_way, is_closed), (retains, tries, limit)


def _retains(state: str, retained):
    """What the next connection does about retained messages after the broker closed this one; `retained`: what it did.

    A broker without them gives no reason, MQTT 3.1.1 has none: it closes the connection at a CONNECT with a retained
    will, or at the first retained message.
    """
    if retained is None:
        return state == "connecting"
    if state == "connecting":
        return None if retained else False
    return retained or None  # its configuration may have changed


def _sentence(error: OSError, context, state: str, under_way, is_closed: bool) -> str:
    settings = context.config["mqtt"]
    number, text = (error.args[0], str(error.args[-1])) if error.args else (None, _ENDED)
    needs_tls = settings["tls"] and state == "connecting"
    place = settings["host"], settings["port"]
    words = call("evencell.net.errors", "known", error, context, place, _REMEDY, _TLS_BYTES if needs_tls else 0)
    if words:
        return words
    if number == _WRONG_CERTIFICATE:
        return "TLS failed: wrong certificate: its fingerprint is not mqtt.fingerprint"
    if isinstance(number, int) and number < _FIRST_OF_TLS:
        return "TLS failed: %s (is mqtt.port the broker's port for TLS?)" % text
    if is_closed:
        if state == "connecting":
            return _ENDED + " at once (is mqtt.port its port %s TLS?)" % ("for" if settings["tls"] else "without")
        if under_way:
            return _ENDED + " at %s, %d bytes (message too large, or broker full?)" % under_way
        return _ENDED
    if settings["ca"] and context.clock.unix_s() is None and text.startswith("TLS failed"):
        return "%s; the clock is not set, so no certificate's dates can be valid" % text
    return text if number == text else str(error)
