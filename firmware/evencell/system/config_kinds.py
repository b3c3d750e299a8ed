"""Kinds of configuration values: what each accepts, and how that is said to an owner."""

import json

CERTIFICATES = (".der", ".pem", ".crt", ".cer")  # endings of files with one


class Rule:
    """One line of the table (config_spec.py): `key`, `default`, `kind`, and what narrows the kind."""

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
        return KINDS[self.kind][0](value, *self.arguments)

    def allowed(self) -> str:
        """What the key may have, in words."""
        text, arguments = KINDS[self.kind][1], self.arguments
        if self.kind == "choice":
            return text + ", ".join(arguments)
        return text % tuple(arguments[: text.count("%d")])


def _whole(value, lowest: int, highest: int) -> bool:
    return type(value) is int and lowest <= value <= highest


def _number(value, lowest: int, highest: int) -> bool:
    return type(value) in (int, float) and lowest <= value <= highest


def _switch(value) -> bool:
    return value is True or value is False


def _choice(value, *words) -> bool:
    return value in words


def _text(value, shortest: int, longest: int) -> bool:
    return isinstance(value, str) and shortest <= len(value) <= longest


def _name(value, longest: int) -> bool:
    """A text that can stand in an MQTT topic and in a path."""
    if not _text(value, 1, longest):
        return False
    return all(c in "_-" or "0" <= c <= "9" or "a" <= c <= "z" or "A" <= c <= "Z" for c in value)


def _certificate(value, longest: int) -> bool:
    """The name of a file in the root of the flash."""
    return isinstance(value, str) and value[-4:] in CERTIFICATES and _name(value.replace(".", ""), longest)


def _fingerprint(value) -> bool:
    """The SHA-256 of a certificate, as openssl and browsers write it."""
    if not _text(value, 64, 95):
        return False
    digits = value.replace(":", "").lower()
    return len(digits) == 64 and all("0" <= digit <= "9" or "a" <= digit <= "f" for digit in digits)


def _topic(value, longest: int) -> bool:
    """An MQTT topic to publish under: no wildcards, no slash at either end."""
    return _text(value, 1, longest) and not ("+" in value or "#" in value or value[0] == "/" or value[-1] == "/")


def _hosts(value) -> bool:
    """Each with a port where it isn't the usual one."""
    return isinstance(value, list) and len(value) <= 4 and all(map(_is_host, value))


def _is_host(value) -> bool:
    if not _text(value, 1, 64) or " " in value:
        return False
    host, colon, port = value.partition(":")
    return bool(host) and (not colon or _is_port(port))


def _is_port(digits: str) -> bool:
    return digits.isdigit() and len(digits) < 6 and 0 < int(digits) < 65_536


def _address(value, longest: int) -> bool:
    """Where to POST to: http, a host, perhaps a port, perhaps a path; no name or password in it."""
    if not _text(value, 1, longest) or not value.startswith("http://"):
        return False
    if any(not "!" <= letter <= "~" for letter in value) or "#" in value:
        return False
    host, colon, port = value[7:].split("/")[0].partition(":")
    return bool(host) and "@" not in host and "?" not in host and (not colon or _is_port(port))


def _span(value) -> bool:
    """From one time of the day to another."""
    return isinstance(value, list) and len(value) == 2 and all(map(_is_time, value))


def _is_time(value) -> bool:
    if not _text(value, 5, 5) or value[2] != ":":
        return False
    hours, minutes = value[:2], value[3:]
    return hours.isdigit() and minutes.isdigit() and hours < "24" and minutes < "60"


def _country(value) -> bool:
    """As ISO 3166-1 abbreviates it."""
    return _text(value, 2, 2) and all("A" <= letter <= "Z" for letter in value)


def _pins(value) -> bool:
    """Numbers by name; None takes one away. What the board makes of them is judged there (boards/chips.py)."""
    return isinstance(value, dict) and all(pin is None or type(pin) is int for pin in value.values())


def _list(value, fewest: int, most: int, _unique: str) -> bool:
    return isinstance(value, list) and fewest <= len(value) <= most


# What a kind accepts, `accepts(value, *arguments)`, and how that is said of its arguments.
KINDS = {
    "whole": (_whole, "a whole number from %d to %d"),
    "number": (_number, "a number from %d to %d"),
    "switch": (_switch, "true or false"),
    "choice": (_choice, "one of "),
    "text": (_text, "a text of %d to %d characters"),
    "name": (_name, "1 to %d letters, digits, _ or -"),
    "certificate": (
        _certificate,
        "a file's name of at most %d letters, digits, _, - or ., with the ending .der, .pem, .crt or .cer",
    ),
    "fingerprint": (_fingerprint, "64 hexadecimal digits, with or without colons"),
    "topic": (_topic, "a topic of 1 to %d characters without + or #, and no / at its ends"),
    "hosts": (_hosts, "a list of up to 4 hosts, each a name or an address, or host:port"),
    "address": (
        _address,
        "an address such as http://192.168.1.10:8086/write?db=evencell (http:// alone, without user and password)",
    ),
    "span": (_span, 'two times of the day, such as ["22:00", "06:00"]'),
    "country": (_country, "two capital letters, such as DE"),
    "pins": (_pins, 'pins by name, as in {"tx": 17, "led": null}'),
    "list": (_list, "a list of %d to %d objects"),
}
