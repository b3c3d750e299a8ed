"""Finds the host in an address. Lazy, of wrong_value.py."""

from evencell.config.hosts import is_host, is_ipv4, is_port

_USUAL_PORTS = ("80", "443", "514", "1883", "8883")


def bare_host(text: str) -> str:
    """The host in an address with a scheme or a port; "" where it may be something else, such as a password."""
    _, scheme, host = text.partition("://") if "://" in text else ("", "", text)
    for end in "/?#":
        host = host.split(end)[0]
    host, colon, port = host.partition(":")
    # A user and a password of digits look the same.
    is_certain = (port in _USUAL_PORTS or (is_port(port) and is_ipv4(host.split(".")))) if colon else scheme
    return host if is_certain and "@" not in text and is_host(host) else ""
