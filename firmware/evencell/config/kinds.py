"""Kinds of configuration values: what each accepts. The rarer ones are loaded for a value."""

from evencell.runtime.lazy import lazy

# Kinds whose module is loaded for a value.
_MODULES = {
    "ssid": "evencell.config.labels",
    "passphrase": "evencell.config.labels",
    "topic": "evencell.config.labels",
    "host": "evencell.config.hosts",
    "hosts": "evencell.config.hosts",
    "ipv4": "evencell.config.addresses",
    "netmask": "evencell.config.addresses",
    "address": "evencell.config.addresses",
    "origins": "evencell.config.addresses",
    "certificate": "evencell.config.credentials",
    "fingerprint": "evencell.config.credentials",
    "password_hash": "evencell.config.credentials",
    "modulus": "evencell.config.credentials",
    "bindkey": "evencell.config.credentials",
}


def accepts(kind: str, value, *arguments) -> bool:
    """Whether a kind that is narrowed by these arguments has this value."""
    if kind in _KINDS:
        return _KINDS[kind](value, *arguments)
    with lazy(_MODULES.get(kind, "evencell.config.others")) as module:
        return module.KINDS[kind](value, *arguments)


def _whole(value, minimum: int, maximum: int) -> bool:
    return type(value) is int and minimum <= value <= maximum


def _number(value, minimum: int, maximum: int) -> bool:
    return type(value) in (int, float) and minimum <= value <= maximum


def _switch(value) -> bool:
    return value is True or value is False


def _choice(value, *words) -> bool:
    return value in words


def is_text(value, min_size: int, max_size: int) -> bool:
    """Without control characters, and without U+FFFD, which stands for what was damaged."""
    if not isinstance(value, str) or not min_size <= len(value) <= max_size:
        return False
    return not any(letter < " " or "\x7f" <= letter <= "\x9f" or letter == "\ufffd" for letter in value)


def is_hexadecimal(text: str, count: int) -> bool:
    """Whether it is a number of so many hexadecimal digits."""
    return len(text) == count and all(digit in "0123456789abcdefABCDEF" for digit in text)


def is_name(value, max_size: int) -> bool:
    """A text that can stand in an MQTT topic and in a path."""
    if not is_text(value, 1, max_size):
        return False
    return all(c in "_-" or "0" <= c <= "9" or "a" <= c <= "z" or "A" <= c <= "Z" for c in value)


def are_digits(text: str) -> bool:
    """As `isdigit` in MicroPython, which knows those of ASCII alone."""
    return text != "" and all("0" <= digit <= "9" for digit in text)


def _list(value, min_count: int, max_count: int, _unique: str) -> bool:
    return isinstance(value, list) and min_count <= len(value) <= max_count


_KINDS = {
    "whole": _whole,
    "number": _number,
    "switch": _switch,
    "choice": _choice,
    "text": is_text,
    "name": is_name,
    "list": _list,
}
