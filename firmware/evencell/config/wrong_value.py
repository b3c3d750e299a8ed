"""Sentences for values that the configuration can't have. Lazy."""

from evencell.compat import const
from evencell.config.spelling import distance, nearest
from evencell.runtime.lazy import call

_MAX_EDITS = const(2)  # of a word that is shown
_NUMBERS = ("whole", "number")
# What a kind (kinds.py) accepts, of its arguments.
ALLOWED = {
    "whole": "a whole number from %d to %d",
    "number": "a number from %d to %d",
    "switch": "true or false",
    "choice": "one of ",
    "text": "a text of %d to %d characters",
    "name": "1 to %d letters, digits, _ or -",
    "certificate": "a file's name of at most %d letters, digits, _, - or ., with the ending .der, .pem, .crt or .cer",
    "password_hash": "a hash that `evencell password` prints",
    "modulus": "an RSA modulus in base64 that `evencell keygen` prints",
    "origins": "a list of up to 4 origins such as http://home.example:8123, in lower case",
    "fingerprint": "64 hexadecimal digits, with or without colons",
    "bindkey": "32 hexadecimal digits",
    "ssid": "a text of 1 to 32 bytes",
    "passphrase": 'a WPA password of 8 to 63 bytes or a key of 64 hexadecimal digits ("" is an open network)',
    "host": "a host's name or address of %d to %d characters, without scheme, port, path, user and password",
    "ipv4": "an IPv4 address such as 192.168.1.20",
    "netmask": "a netmask such as 255.255.255.0",
    "topic": "a topic of 1 to %d characters without + or #, and no / at its ends",
    "hosts": "a list of up to 4 hosts, each a name or an address, or host:port",
    "address": (
        "an address such as http://192.168.1.10:8086/write?db=evencell (http:// alone, without user, password, token)"
    ),
    "rule_field": (
        "one of cell_1_mv to cell_24_mv, any_cell_mv, highest_mv, lowest_mv, pack_mv, average_mv, delta_mv, "
        "temperature_c, balance_ma, cells_detected"
    ),
    "span": 'two different times of the day, such as ["22:00", "06:00"]',
    "zone": "a POSIX TZ rule such as CET-1CEST,M3.5.0,M10.5.0/3",
    "country": "two capital letters, such as DE",
    "pins": 'pins by name, as in {"tx": 17, "led": null}',
    "list": "a list of %d to %d objects",
}


def sentence(rule, value) -> str:
    """What is wrong with the value of a key with this rule, what is right, and what to do."""
    return "%s is not allowed; %s%s" % (_shown(value, rule), allowed(rule), _hint(value, rule))


def allowed(rule) -> str:
    """What a key may have, in words."""
    text, arguments = ALLOWED[rule.kind], rule.arguments
    if rule.kind == "choice":
        return text + ", ".join(arguments)
    return text % tuple(arguments[: text.count("%d")])


def _hint(value, rule) -> str:
    """What to do about a wrong value, as the end of a sentence."""
    if isinstance(value, str):
        if rule.kind == "choice":
            meant = nearest(value, rule.arguments)
        else:
            meant = call("evencell.config.bare_host", "bare_host", value) if rule.kind == "host" else ""
        if meant:
            return '; did you mean "%s"?' % meant
        return ", without quotes" if rule.kind in _NUMBERS or rule.kind == "switch" else ""
    return ", in quotes" if isinstance(value, (int, float)) and rule.accepts(str(value)) else ""


def _shown(value, rule) -> str:
    """The value as it may be shown, else what it is."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else "true" if value else "false"
    if isinstance(value, str):
        meant = nearest(value, rule.arguments) if rule.kind == "choice" else None
        if meant and distance(value.lower(), meant) <= _MAX_EDITS:
            return '"%s"' % value
        if "\ufffd" in value:
            return "a text with a damaged character (U+FFFD or half of a surrogate pair)"
        return "a text of %d characters" % len(value)
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "an object"
    return str(value) if rule.kind in _NUMBERS else "a number"
