"""The table of all configuration keys, schema.txt: key, default as JSON, and kind of its values (kinds.py). Lazy.

A file that is read line by line: in memory it would take 5 KB of an ESP32's heap.
"""

import json

from evencell.compat import const
from evencell.storage.data_files import open_data

_TEXT_BYTES = const(240)

TABLE = "schema.txt"  # beside this module


class Rule:
    """One line of the table: `key`, `default`, `kind`, and what narrows the kind."""

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
        from evencell.config.kinds import accepts  # stays as long as this module

        return accepts(self.kind, value, *self.arguments)


def lines(prefix: str = ""):
    """Generate the lines of the keys that begin so."""
    with open_data(__file__.rsplit("/", 1)[0] + "/" + TABLE) as file:
        while line := file.readline():
            line = line.decode()
            if line.startswith(prefix):
                yield line


def rules(prefix: str = ""):
    """Generate the rules of the keys that begin so."""
    for line in lines(prefix):
        yield Rule(line)


def sections(names=None):
    """Generate the name of each section, or of a key at the root, and its lines; of sections not in `names` none.

    Some lines are one text: each alone takes 24 bytes more, and all together need memory in one piece, for which a
    fragmented heap would grow.
    """
    name, found = "", []
    for line in lines():
        section = path_of(line).split(".")[1]
        if section != name:
            if name:
                yield name, found
            name, found = section, []
        if names is None or name in names:
            line = " ".join(line.split())
            if found and len(found[-1]) + len(line) < _TEXT_BYTES:
                found[-1] += "\n" + line
            else:
                found.append(line)
    yield name, found


def rules_in(section: list, prefix: str):
    """Generate the rules of the keys in a section that begin so."""
    for text in section:
        at = 0
        while at >= 0:
            end = text.find("\n", at)
            if text.startswith(prefix, at):
                yield Rule(text[at:end] if end > 0 else text[at:])
            at = end + 1 if end > 0 else -1


def has(word: str) -> bool:
    """Whether it is a key anywhere, or the name of a section."""
    return word != "" and any(".%s." % word in path_of(line) for line in lines())


def path_of(line: str) -> str:
    """The key of a line, with a dot at both ends, and without brackets."""
    return ".%s." % line.split(" ", 1)[0].replace("[]", "")
