"""Key-value store: learned values, and choices of the display's menu."""

from evencell.compat import const
from evencell.runtime.lazy import call
from evencell.storage.paths import exists

_STATE_FILE = "evencell.storage.state_file"
_MAX_BYTES = const(8192)  # as in shapes.py: 8 packs, of which all rules are raised, take 7,000


class KeyValueStore:
    """A few values by name, in one small file that is written on every change (so: rarely).

    After a failed write the values stay in memory, and `flush` tries again.
    """

    def __init__(self, path: str, faults):
        self._path = path
        self._faults = faults
        self._is_saved = True
        self._values = (call(_STATE_FILE, "load_json", faults, path, "learned") if exists(path) else None) or {}

    def get(self, name: str):
        """The value of this name, or None."""
        return self._values.get(name)

    def put(self, name: str, value) -> bool:
        """Store a value, None deletes it; returns whether that survives a restart."""
        if self._values.get(name) != value:
            if value is None:
                del self._values[name]
            else:
                self._values[name] = value
            self._save()
        return self._is_saved

    def flush(self):
        """Write what could not be written before, if a retry is due."""
        if not self._is_saved and self._faults.may_retry("learned.json"):
            self._save()

    def _save(self):
        self._is_saved = call(_STATE_FILE, "save_json", self._faults, self._path, self._values, _MAX_BYTES)
