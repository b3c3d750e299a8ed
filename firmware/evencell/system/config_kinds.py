"""Kinds of configuration values: each has a `default`, says what is `allowed`, and `accepts` a value or not."""


class Whole:
    """A whole number from `lowest` to `highest`; None too, where that is the default."""

    def __init__(self, default, lowest: int, highest: int):
        self.default = default
        self._range = lowest, highest
        self.allowed = "a whole number from %d to %d" % self._range

    def accepts(self, value) -> bool:
        return type(value) is int and self._range[0] <= value <= self._range[1]


class Number(Whole):
    """Any number in the range."""

    def __init__(self, default, lowest: int, highest: int):
        super().__init__(default, lowest, highest)
        self.allowed = "a number from %d to %d" % self._range

    def accepts(self, value) -> bool:
        return type(value) in (int, float) and self._range[0] <= value <= self._range[1]


class Switch:
    """true or false."""

    allowed = "true or false"

    def __init__(self, default: bool):
        self.default = default

    def accepts(self, value) -> bool:
        return value is True or value is False


class Choice:
    """One of a few words."""

    def __init__(self, default: str, *words: str):
        self.default = default
        self.words = words
        self.allowed = "one of " + ", ".join(words)

    def accepts(self, value) -> bool:
        return value in self.words


class Text:
    """A text of `shortest` to `longest` characters; None too, where that is the default."""

    def __init__(self, default, longest: int, shortest: int = 0):
        self.default = default
        self._lengths = shortest, longest
        self.allowed = "a text of %d to %d characters" % self._lengths

    def accepts(self, value) -> bool:
        return isinstance(value, str) and self._lengths[0] <= len(value) <= self._lengths[1]


class Name(Text):
    """A text that can stand in an MQTT topic and in a path."""

    def __init__(self, default: str | None, longest: int):
        super().__init__(default, longest, 1)
        self.allowed = "1 to %d letters, digits, _ or -" % longest

    def accepts(self, value) -> bool:
        if not super().accepts(value):
            return False
        return all(c in "_-" or "0" <= c <= "9" or "a" <= c <= "z" or "A" <= c <= "Z" for c in value)


class Topic(Text):
    """An MQTT topic to publish under: no wildcards, no slash at either end."""

    def __init__(self, default: str, longest: int):
        super().__init__(default, longest, 1)
        self.allowed = "a topic of 1 to %d characters without + or #, and no / at its ends" % longest

    def accepts(self, value) -> bool:
        if not super().accepts(value):
            return False
        return not ("+" in value or "#" in value or value[0] == "/" or value[-1] == "/")


class Hosts:
    """Names or addresses of up to 4 hosts, each with a port where it isn't the usual one."""

    allowed = "a list of up to 4 hosts, each a name or an address, or host:port"

    def __init__(self, *hosts: str):
        self.default = list(hosts)

    def accepts(self, value) -> bool:
        return isinstance(value, list) and len(value) <= 4 and all(map(self._is_host, value))

    def _is_host(self, value) -> bool:
        if not isinstance(value, str) or len(value) > 64 or " " in value:
            return False
        host, colon, port = value.partition(":")
        return bool(host) and (not colon or (port.isdigit() and len(port) < 6 and 0 < int(port) < 65_536))


class Address(Text):
    """Where to POST to: http, a host, perhaps a port, perhaps a path; no name or password in it."""

    def __init__(self, longest: int):
        super().__init__(None, longest, 1)
        self.allowed = (
            "an address such as http://192.168.1.10:8086/write?db=evencell (http:// alone, without user and password)"
        )

    def accepts(self, value) -> bool:
        if not super().accepts(value) or not value.startswith("http://"):
            return False
        if any(not "!" <= letter <= "~" for letter in value) or "#" in value:
            return False
        host, colon, port = value[7:].split("/")[0].partition(":")
        if not host or "@" in host or "?" in host:
            return False
        return not colon or (port.isdigit() and 1 <= int(port) <= 65535)


class Country:
    """A country as ISO 3166-1 abbreviates it, or None."""

    default = None
    allowed = "two capital letters, such as DE"

    def accepts(self, value) -> bool:
        return isinstance(value, str) and len(value) == 2 and all("A" <= letter <= "Z" for letter in value)


class Pins:
    """Pin numbers by name; None takes one away. What the board makes of them is judged there (boards/chips.py)."""

    default = {}
    allowed = 'pins by name, as in {"tx": 17, "led": null}'

    def accepts(self, value) -> bool:
        return isinstance(value, dict) and all(pin is None or type(pin) is int for pin in value.values())


class List:
    """`fewest` to `most` objects of one table."""

    def __init__(self, table: dict, fewest: int, most: int, unique: str):
        self.table = table
        self.default = [{}] * fewest
        self.unique = unique
        self._counts = fewest, most
        self.allowed = "a list of %d to %d objects" % self._counts

    def accepts(self, value) -> bool:
        return isinstance(value, list) and self._counts[0] <= len(value) <= self._counts[1]
