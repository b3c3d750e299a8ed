"""Kinds of configuration values: what each accepts. The rarer ones are loaded for a value."""

import json

from evencell.runtime.lazy import lazy

# Kinds whose module is loaded for a value.
_MODULES = {
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


class Rule:
    """One line of the table (schema.txt): `key`, `default`, `kind`, and what narrows the kind."""

    def __init__(self, line: str):
        self.key, default, self.kind, *words = line.split()
        self.default = json.loads(default)
        self.arguments = words
        if self.kind != "choice":
            self.arguments = [int(word) if word.lstrip("-").isdigit() else word for word in words]

    def accepts(self, value) -> bool:
        """Whether the key may have this value; null only where that is the default."""
        if value is None:
            return self.default is None
        return accepts(self.kind, value, *self.arguments)


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


def _ssid(value) -> bool:
    return is_text(value, 1, 32) and len(value.encode()) <= 32


def _passphrase(value) -> bool:
    """What WPA takes: 8 to 63 bytes, or the key itself as 64 hexadecimal digits; empty for an open network."""
    if not is_text(value, 0, 64):
        return False
    size = len(value.encode())
    return not size or 8 <= size <= 63 or is_hexadecimal(value, 64)


def is_hexadecimal(text: str, count: int) -> bool:
    """Whether it is a number of so many hexadecimal digits."""
    return len(text) == count and all(digit in "0123456789abcdefABCDEF" for digit in text)


def is_name(value, max_size: int) -> bool:
    """A text that can stand in an MQTT topic and in a path."""
    if not is_text(value, 1, max_size):
        return False
    return all(c in "_-" or "0" <= c <= "9" or "a" <= c <= "z" or "A" <= c <= "Z" for c in value)


def _topic(value, max_size: int) -> bool:
    """An MQTT topic to publish under: no wildcards, no slash at either end."""
    return is_text(value, 1, max_size) and not ("+" in value or "#" in value or value[0] == "/" or value[-1] == "/")


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
    "ssid": _ssid,
    "passphrase": _passphrase,
    "topic": _topic,
    "list": _list,
}
