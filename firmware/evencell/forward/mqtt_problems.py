"""What to say when the connection to the broker failed. In memory only then."""

import errno

from evencell.compat import const

_OTHER_CERTIFICATE = const(-0x3000)  # as mqtt_tls.py says it: MBEDTLS_ERR_X509_FATAL_ERROR
_FIRST_OF_TLS = const(-256)  # below are the numbers of mbedTLS
_TLS_BYTES = const(33_000)  # of the network's heap in a handshake (docs/memory.md)

_ENDED = "the broker closed the connection"
_AT_THE_ADDRESS = {
    errno.ECONNREFUSED: "nobody listens there: is a broker running, and are mqtt.host and mqtt.port right?",
    errno.ETIMEDOUT: "nobody answers there",
    errno.EHOSTUNREACH: "there is no way there",
    errno.ENOMEM: "there is not enough memory for a connection",
}


def sentence(error: OSError, context, state: str, under_way) -> str:
    """One sentence for the owner.

    `state` is that of the connection until now; `under_way` topic and bytes of a message that was begun and not ended,
    or None.
    """
    settings = context.config["mqtt"]
    network = context.network
    if network and network.state != "connected":
        return "there is no network"
    number, text = (error.args[0], str(error.args[-1])) if error.args else (None, _ENDED)
    shortage = _shortage(context, settings, state)
    if shortage and number != errno.ECONNREFUSED:  # errors of TLS and DNS blame other things then
        return shortage
    if number in _AT_THE_ADDRESS:
        return "%s:%d: %s" % (settings["host"], settings["port"], _AT_THE_ADDRESS[number])
    if number == _OTHER_CERTIFICATE:
        return "not the broker that was expected: its certificate has another fingerprint than mqtt.fingerprint"
    if isinstance(number, int) and number < _FIRST_OF_TLS:
        return "no secure connection: %s (is mqtt.port the broker's port for TLS?)" % text
    if text == _ENDED or number == errno.ECONNRESET:
        return _ENDED + _at(settings, state, under_way)
    if settings["ca"] and context.clock.unix_s() is None and text.startswith("no secure connection"):
        return text + "; the clock is not set yet, and without it every certificate's dates are wrong"
    return text if number == text else str(error)


def _shortage(context, settings: dict, state: str) -> str:
    """A sentence where the network lacks memory, or has too little for the handshake that failed; else ""."""
    if not settings["tls"] or state != "connecting":
        return context.heap.shortage()
    shortage = context.heap.shortage(_TLS_BYTES)
    return shortage + "; a secure connection takes %d" % _TLS_BYTES if shortage else ""


def _at(settings: dict, state: str, under_way) -> str:
    """What it was doing then."""
    if state == "connecting":
        return " at once (is mqtt.port its port %s TLS?)" % ("for" if settings["tls"] else "without")
    if under_way:
        return " at %s, %d bytes (is that more than it takes, or is it full?)" % under_way
    return ""
