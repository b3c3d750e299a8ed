"""Faults of a configuration: sentences about keys, collected while it is checked. Lazy, of check.py."""

from evencell.compat import const

_MAX_FAULTS = const(20)


class Faults:
    """Sentences, of which 20 are kept with what follows from them; `count` is how many there were.

    `repeated` has the paths of repeated keys.
    """

    def __init__(self, repeated):
        self.repeated = repeated
        self.count = 0
        self.unused = []  # the paths of items of lists that are left out
        self._kept = []
        self._meant = []  # the paths of the keys that were meant, or may have been

    def mute(self):
        """Keep none from now on."""
        self.count = _MAX_FAULTS

    def room(self) -> int:
        """How many more are kept."""
        return max(0, _MAX_FAULTS - self.count)

    def add(self, path: str = "", text: str = "", meant=()):
        """A fault at this path of the configuration; `meant`: of the keys that may have been meant instead."""
        if self.room():
            self.add_consequence(path, text)
            self._meant.extend(meant or (path,))
        else:
            self.count += 1

    def add_consequence(self, path: str, text: str):
        """A consequence of faults, which is kept in any case."""
        self._kept.append("%s: %s" % (path, text))
        self.count += 1

    def concern(self, path: str) -> bool:
        """Whether a fault is at this path, or may be."""
        return path in self._meant or self.count > len(self._kept)

    def concern_section(self, section: str, keys=None) -> bool:
        """Whether a fault is at this section itself, or at one of these keys of it, or may be; None: anywhere below."""
        if self.concern(section):
            return True
        if keys is None:
            size = len(section)
            return any(meant[:size] == section and meant[size : size + 1] in ".[" for meant in self._meant)
        return any(self.concern("%s.%s" % (section, key)) for key in keys)

    def places(self, path: str, count: int) -> list[str]:
        """The paths in the file of a list's `count` items that are used."""
        places = ["%s[%d]" % (path, i) for i in range(count + len(self.unused))]
        return [place for place in places if place not in self.unused][:count]

    def all(self) -> list[str]:
        """The sentences in order of their paths, and how many more there are."""
        more = self.count - len(self._kept)
        return sorted(self._kept) + (["config.json: and %d more faults" % more] if more else [])
