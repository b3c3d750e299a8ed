"""What the device found out by itself and should not have to find out again."""

import json

from evencell.system.files import exists, from_json, replace


class Memory:
    """A few values by name, in one small file that is written on every change (so: rarely)."""

    def __init__(self, path: str):
        self._path = path
        self._values = {}
        if exists(path):
            self._values = _read(path)

    def get(self, name: str):
        """What was remembered under `name`, or None."""
        return self._values.get(name)

    def put(self, name: str, value):
        """Remember `value`; None forgets."""
        if self._values.get(name) == value:
            return
        if value is None:
            del self._values[name]
        else:
            self._values[name] = value
        replace(self._path, json.dumps(self._values))


def _read(path: str) -> dict:
    """The values, or none where the file is damaged: all of it can be found out again."""
    try:
        with open(path) as file:
            values = from_json(file.read())
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}
