"""Kinds of configuration values that are addresses: what each accepts. Lazy, of kinds.py."""

from evencell.config.hosts import is_host_and_port, is_ipv4
from evencell.config.kinds import is_text

# Parameters of an address that log in. They have keys of their own, which nothing shows.
_CREDENTIALS = ("u", "p", "user", "username", "password", "pass", "token", "auth", "authorization", "key", "api_key")


def _origins(value) -> bool:
    return isinstance(value, list) and len(value) <= 4 and all(map(_is_origin, value))


def _is_origin(value) -> bool:
    """What browsers send as Origin."""
    if not is_text(value, 8, 80):
        return False
    scheme, separator, place = value.partition("://")
    return separator != "" and scheme in ("http", "https") and is_host_and_port(place) and value == value.lower()


def _address_of(text: str) -> int:
    """An IPv4 address as a number."""
    number = 0
    for label in text.split("."):
        number = number << 8 | int(label)
    return number


def _ipv4(value) -> bool:
    """A host's address; not this host's own, none of a group."""
    if not is_text(value, 7, 15) or not is_ipv4(value.split(".")):
        return False
    return 0 < _address_of(value) >> 24 < 224 and _address_of(value) >> 24 != 127


def _netmask(value) -> bool:
    """Ones, then zeros: room for two hosts at least, and no more than 16 million."""
    if not is_text(value, 7, 15) or not is_ipv4(value.split(".")):
        return False
    hosts = _address_of(value) ^ 0xFFFFFFFF
    return hosts & (hosts + 1) == 0 and 3 <= hosts < 1 << 24


def _address(value, max_size: int) -> bool:
    """Where to POST to: http, a host, perhaps a port, perhaps a path; no name, password or token in it."""
    if not is_text(value, 1, max_size) or not value.startswith("http://"):
        return False
    if any(not "!" <= letter <= "~" for letter in value) or "#" in value:
        return False
    if not is_host_and_port(value[7:].split("/")[0]):
        return False
    parameters = value.partition("?")[2].split("&")
    return not any(parameter.split("=")[0].lower() in _CREDENTIALS for parameter in parameters)


def can_reach(address: str, netmask: str, gateway: str) -> bool:
    """Whether a host of this address, and not of the gateway's own, is in the gateway's network."""
    hosts = _address_of(netmask) ^ 0xFFFFFFFF
    host = _address_of(address) & hosts
    return 0 < host < hosts and address != gateway and _address_of(address) ^ host == _address_of(gateway) & ~hosts


KINDS = {"origins": _origins, "ipv4": _ipv4, "netmask": _netmask, "address": _address}
