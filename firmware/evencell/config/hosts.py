"""Kinds of configuration values that are hosts: what each accepts. Lazy, of kinds.py."""

from evencell.config.kinds import are_digits, is_text

_NOT_IN_HOSTS = " :/@?#[]\\\"'<>(){},;&=%"


def _host(value, min_size: int, max_size: int) -> bool:
    """A host's name or address alone."""
    return is_text(value, min_size, max_size) and (not value or is_host(value))


def is_host(text: str) -> bool:
    """Whether this may be a host: no scheme, port, path, user or password."""
    if text.count(":") > 1:  # IPv6
        return all(digit in "0123456789abcdefABCDEF:." for digit in text)
    labels = text.split(".")
    if are_digits(labels[-1]):  # no name ends in a number
        return is_ipv4(labels)
    return all(labels[:-1] + [text]) and all(map(_is_in_hosts, text))


def is_ipv4(labels: list) -> bool:
    """Whether these are the four numbers of an address."""
    return len(labels) == 4 and all(are_digits(label) and len(label) < 4 and int(label) < 256 for label in labels)


def _is_in_hosts(letter: str) -> bool:
    """Whether a name may have it. Of Unicode: letters, but no spaces, invisible characters and punctuation."""
    if letter <= "\x7f":
        return letter > " " and letter not in _NOT_IN_HOSTS
    is_mark = "\u2000" <= letter < "\u2c00" or "\u3000" <= letter < "\u3005" or "\ue000" <= letter < "\U00010000"
    return letter >= "\xc0" and not is_mark and letter not in "\u1680\u180e"


def _hosts(value) -> bool:
    """Each with a port where it isn't the usual one."""
    return isinstance(value, list) and len(value) <= 4 and all(map(_is_server, value))


def _is_server(value) -> bool:
    return is_text(value, 1, 64) and is_host_and_port(value)


def is_host_and_port(text: str) -> bool:
    """Whether this is a host, with or without a port."""
    host, colon, port = text.partition(":")
    return is_host(host) and (not colon or is_port(port))


def is_port(digits: str) -> bool:
    """Whether this is the number of a port."""
    return are_digits(digits) and len(digits) < 6 and 0 < int(digits) < 65_536


KINDS = {"host": _host, "hosts": _hosts}
