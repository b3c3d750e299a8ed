"""Kinds of configuration values: what each accepts, and the words for it in a fault."""

import json
from binascii import a2b_base64

from evencell.runtime.lazy import call

CERTIFICATES = (".der", ".pem", ".crt", ".cer")  # endings of files with one
_NOT_IN_HOSTS = " :/@?#[]\\\"'<>(){},;&=%"
_USUAL_PORTS = ("80", "443", "514", "1883", "8883")
# Parameters of an address that log in. They have keys of their own, which nothing shows.
_CREDENTIALS = ("u", "p", "user", "username", "password", "pass", "token", "auth", "authorization", "key", "api_key")
_RULE_FIELDS = (
    "any_cell_mv", "highest_mv", "lowest_mv", "pack_mv", "average_mv", "delta_mv", "temperature_c", "balance_ma",
    "cells_detected",
)  # fmt: skip


class Rule:
    """One line of the table (schema.py): `key`, `default`, `kind`, and what narrows the kind."""

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


def _whole(value, minimum: int, maximum: int) -> bool:
    return type(value) is int and minimum <= value <= maximum


def _number(value, minimum: int, maximum: int) -> bool:
    return type(value) in (int, float) and minimum <= value <= maximum


def _switch(value) -> bool:
    return value is True or value is False


def _choice(value, *words) -> bool:
    return value in words


def _text(value, min_size: int, max_size: int) -> bool:
    """Without control characters, and without U+FFFD, which stands for what was damaged."""
    if not isinstance(value, str) or not min_size <= len(value) <= max_size:
        return False
    return not any(letter < " " or "\x7f" <= letter <= "\x9f" or letter == "\ufffd" for letter in value)


def _ssid(value) -> bool:
    return _text(value, 1, 32) and len(value.encode()) <= 32


def _passphrase(value) -> bool:
    """What WPA takes: 8 to 63 bytes, or the key itself as 64 hexadecimal digits; empty for an open network."""
    if not _text(value, 0, 64):
        return False
    size = len(value.encode())
    return not size or 8 <= size <= 63 or _is_hexadecimal(value, 64)


def _is_hexadecimal(text: str, count: int) -> bool:
    return len(text) == count and all(digit in "0123456789abcdefABCDEF" for digit in text)


def _name(value, max_size: int) -> bool:
    """A text that can stand in an MQTT topic and in a path."""
    if not _text(value, 1, max_size):
        return False
    return all(c in "_-" or "0" <= c <= "9" or "a" <= c <= "z" or "A" <= c <= "Z" for c in value)


def _certificate(value, max_size: int) -> bool:
    """The name of a file in the root of the flash."""
    return isinstance(value, str) and value[-4:] in CERTIFICATES and _name(value.replace(".", ""), max_size)


def _fingerprint(value) -> bool:
    """The SHA-256 of a certificate, as openssl and browsers write it."""
    if not _text(value, 64, 95):
        return False
    return _is_hexadecimal(value.replace(":", ""), 64)


def _password_hash(value) -> bool:
    """As forward/http/pbkdf2.py makes it."""
    parts = value.split("$") if _text(value, 80, 160) else ()
    if len(parts) != 4 or parts[0] != "pbkdf2-sha256" or not _are_digits(parts[1]) or len(parts[1]) > 7:
        return False
    return int(parts[1]) > 0 and _is_hexadecimal(parts[2], 32) and _is_hexadecimal(parts[3], 64)


def _modulus(value) -> bool:
    """An RSA modulus of 2,048 to 4,096 bits in base64, the most significant byte first."""
    if not _text(value, 344, 684) or not all(letter in "+/=" or _name(letter, 1) for letter in value):
        return False
    try:
        modulus = a2b_base64(value.encode())
    except ValueError:
        return False
    return 256 <= len(modulus) <= 512 and modulus[0] >= (0x80 if len(modulus) == 256 else 1)


def _origins(value) -> bool:
    return isinstance(value, list) and len(value) <= 4 and all(map(_is_origin, value))


def _is_origin(value) -> bool:
    """What browsers send as Origin."""
    if not _text(value, 8, 80):
        return False
    scheme, separator, place = value.partition("://")
    return separator != "" and scheme in ("http", "https") and _is_host_and_port(place) and value == value.lower()


def _topic(value, max_size: int) -> bool:
    """An MQTT topic to publish under: no wildcards, no slash at either end."""
    return _text(value, 1, max_size) and not ("+" in value or "#" in value or value[0] == "/" or value[-1] == "/")


def _host(value, min_size: int, max_size: int) -> bool:
    """A host's name or address alone."""
    return _text(value, min_size, max_size) and (not value or is_host(value))


def is_host(text: str) -> bool:
    """Whether this may be a host: no scheme, port, path, user or password."""
    if text.count(":") > 1:  # IPv6
        return all(digit in "0123456789abcdefABCDEF:." for digit in text)
    labels = text.split(".")
    if _are_digits(labels[-1]):  # no name ends in a number
        return is_ipv4(labels)
    return all(labels[:-1] + [text]) and all(map(_is_in_hosts, text))


def is_ipv4(labels: list) -> bool:
    """Whether these are the four numbers of an address."""
    return len(labels) == 4 and all(_are_digits(label) and len(label) < 4 and int(label) < 256 for label in labels)


def address_of(text: str) -> int:
    """An IPv4 address as a number."""
    number = 0
    for label in text.split("."):
        number = number << 8 | int(label)
    return number


def _ipv4(value) -> bool:
    """A host's address; not this host's own, none of a group."""
    if not _text(value, 7, 15) or not is_ipv4(value.split(".")):
        return False
    return 0 < address_of(value) >> 24 < 224 and address_of(value) >> 24 != 127


def _netmask(value) -> bool:
    """Ones, then zeros: room for two hosts at least, and no more than 16 million."""
    if not _text(value, 7, 15) or not is_ipv4(value.split(".")):
        return False
    hosts = address_of(value) ^ 0xFFFFFFFF
    return hosts & (hosts + 1) == 0 and 3 <= hosts < 1 << 24


def _are_digits(text: str) -> bool:
    """As `isdigit` in MicroPython, which knows those of ASCII alone."""
    return text != "" and all("0" <= digit <= "9" for digit in text)


def _is_in_hosts(letter: str) -> bool:
    """Whether a name may have it. Of Unicode: letters, but no spaces, invisible characters and punctuation."""
    if letter <= "\x7f":
        return letter > " " and letter not in _NOT_IN_HOSTS
    is_mark = "\u2000" <= letter < "\u2c00" or "\u3000" <= letter < "\u3005" or "\ue000" <= letter < "\U00010000"
    return letter >= "\xc0" and not is_mark and letter not in "\u1680\u180e"


def bare_host(text: str) -> str:
    """The host in an address with a scheme or a port; "" where it may be something else, such as a password."""
    _, scheme, host = text.partition("://") if "://" in text else ("", "", text)
    for end in "/?#":
        host = host.split(end)[0]
    host, colon, port = host.partition(":")
    # A user and a password of digits look the same.
    is_certain = (port in _USUAL_PORTS or (is_port(port) and is_ipv4(host.split(".")))) if colon else scheme
    return host if is_certain and "@" not in text and is_host(host) else ""


def _hosts(value) -> bool:
    """Each with a port where it isn't the usual one."""
    return isinstance(value, list) and len(value) <= 4 and all(map(_is_server, value))


def _is_server(value) -> bool:
    return _text(value, 1, 64) and _is_host_and_port(value)


def _is_host_and_port(text: str) -> bool:
    host, colon, port = text.partition(":")
    return is_host(host) and (not colon or is_port(port))


def is_port(digits: str) -> bool:
    """Whether this is the number of a port."""
    return _are_digits(digits) and len(digits) < 6 and 0 < int(digits) < 65_536


def _address(value, max_size: int) -> bool:
    """Where to POST to: http, a host, perhaps a port, perhaps a path; no name, password or token in it."""
    if not _text(value, 1, max_size) or not value.startswith("http://"):
        return False
    if any(not "!" <= letter <= "~" for letter in value) or "#" in value:
        return False
    if not _is_host_and_port(value[7:].split("/")[0]):
        return False
    parameters = value.partition("?")[2].split("&")
    return not any(parameter.split("=")[0].lower() in _CREDENTIALS for parameter in parameters)


def _rule_field(value) -> bool:
    """A field of a status that a rule may be about, or the voltage of one cell, or of any."""
    if not _text(value, 1, 16):
        return False
    first, _, last = value.partition("_")
    if first == "cell" and last.endswith("_mv"):
        return _are_digits(last[:-3]) and len(last) < 6 and 1 <= int(last[:-3]) <= 24
    return value in _RULE_FIELDS


def _span(value) -> bool:
    """From one time of the day to another."""
    return isinstance(value, list) and len(value) == 2 and all(map(_is_time, value))


def _is_time(value) -> bool:
    if not _text(value, 5, 5) or value[2] != ":":
        return False
    hours, minutes = value[:2], value[3:]
    return hours.isdigit() and minutes.isdigit() and hours < "24" and minutes < "60"


def _zone(value) -> bool:
    """A POSIX TZ rule."""
    return _text(value, 4, 64) and call("evencell.clock.zone", "is_rule", value)


def _country(value) -> bool:
    """As ISO 3166-1 abbreviates it."""
    return _text(value, 2, 2) and all("A" <= letter <= "Z" for letter in value)


def _pins(value) -> bool:
    """Numbers by name; None takes one away. What the board makes of them is judged there (boards/chips.py)."""
    return (
        isinstance(value, dict) and len(value) <= 16 and all(pin is None or type(pin) is int for pin in value.values())
    )


def _list(value, min_count: int, max_count: int, _unique: str) -> bool:
    return isinstance(value, list) and min_count <= len(value) <= max_count


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
    "password_hash": (_password_hash, "a hash that `evencell password` prints"),
    "modulus": (_modulus, "an RSA modulus in base64 that `evencell keygen` prints"),
    "origins": (_origins, "a list of up to 4 origins such as http://home.example:8123, in lower case"),
    "fingerprint": (_fingerprint, "64 hexadecimal digits, with or without colons"),
    "ssid": (_ssid, "a text of 1 to 32 bytes"),
    "passphrase": (
        _passphrase,
        'a WPA password of 8 to 63 bytes or a key of 64 hexadecimal digits ("" is an open network)',
    ),
    "host": (_host, "a host's name or address of %d to %d characters, without scheme, port, path, user and password"),
    "ipv4": (_ipv4, "an IPv4 address such as 192.168.1.20"),
    "netmask": (_netmask, "a netmask such as 255.255.255.0"),
    "topic": (_topic, "a topic of 1 to %d characters without + or #, and no / at its ends"),
    "hosts": (_hosts, "a list of up to 4 hosts, each a name or an address, or host:port"),
    "address": (
        _address,
        "an address such as http://192.168.1.10:8086/write?db=evencell (http:// alone, without user, password, token)",
    ),
    "rule_field": (_rule_field, "one of cell_1_mv to cell_24_mv, " + ", ".join(_RULE_FIELDS)),
    "span": (_span, 'two times of the day, such as ["22:00", "06:00"]'),
    "zone": (_zone, "a POSIX TZ rule such as CET-1CEST,M3.5.0,M10.5.0/3"),
    "country": (_country, "two capital letters, such as DE"),
    "pins": (_pins, 'pins by name, as in {"tx": 17, "led": null}'),
    "list": (_list, "a list of %d to %d objects"),
}
